import DurableFiles
import Foundation
import Testing
import TileStore
import Tiling

@Suite(.enabled(if: PythonInterpreter.isAvailable, PythonInterpreter.reason))
struct ZarrPythonTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Entry (i, j) of every array here.
  private func value(_ i: Int, _ j: Int) -> Double { Double(i) + Double(j) / 64 }

  private func fill(
    _ name: String, _ shape: [Int], _ tile: [Int], _ coverage: TileGrid.Coverage = .all,
    _ storage: TileArraySpec.Storage = .float64, skipping missing: TileIndex? = nil,
    shards: [Int]? = nil
  ) throws -> TileArray {
    let spec = try TileArraySpec(
      shape: shape, tile: tile, coverage: coverage, storage: storage,
      fingerprint: Fingerprint(["network.depth": "3", "quoted": "a \"b\" \\ ü\n"]),
      shards: shards)
    let array = try TileArray.create(in: folder.path + "/kernels.zarr", name: name, spec: spec)
    let grid = spec.grid
    for it in 0..<grid.rowCount {
      for jt in 0..<grid.columnCount
      where grid.contains(TileIndex(it, jt)) && TileIndex(it, jt) != missing {
        let valid = grid.validShape(of: TileIndex(it, jt))
        var values: [Double] = []
        for i in 0..<valid.rows {
          for j in 0..<valid.columns {
            values.append(value(it * tile[0] + i, jt * (tile.count == 2 ? tile[1] : 1) + j))
          }
        }
        _ = try values.withUnsafeBufferPointer { try array.write(TileIndex(it, jt), values: $0) }
      }
    }
    for tile in try array.looseTiles() { try array.pack(shardOf: tile) }
    return array
  }

  private func expectPython(_ script: String) throws {
    let prelude = """
      import sys, zarr, numpy as np
      g = zarr.open(sys.argv[1], mode='r')
      def truth(m, n): return np.arange(m)[:, None] + np.arange(n)[None, :] / 64
      def same(a, b): np.testing.assert_array_equal(a, b, strict=True)

      """
    try PythonInterpreter.run(prelude + script, [folder.path + "/kernels.zarr"])
  }

  @Test("zarr-python reads a lower triangle: values, edge tiles, and NaN where no tile is")
  func lowerTriangle() throws {
    _ = try fill("ntk_train", [11, 11], [4, 4], .lowerTriangle, skipping: TileIndex(2, 0))
    try expectPython(
      """
      a = g['ntk_train']
      assert a.shape == (11, 11) and a.chunks == (4, 4) and a.dtype == np.float64
      want = truth(11, 11)
      for it in range(3):
        for jt in range(it + 1, 3): want[4*it:4*it+4, 4*jt:4*jt+4] = np.nan
      want[8:, :4] = np.nan
      same(a[...], want)
      """)
  }

  @Test("zarr-python reads rectangles, vectors, float32 and arrays smaller than a tile")
  func otherKinds() throws {
    _ = try fill("nngp_test", [7, 10], [3, 4])
    _ = try fill("small", [2, 3], [8, 8])
    _ = try fill("single", [7, 10], [3, 4], .all, .float32)
    _ = try fill("diagonal", [7], [3])
    try expectPython(
      """
      same(g['nngp_test'][...], truth(7, 10))
      same(g['small'][...], truth(2, 3))
      same(g['single'][...], truth(7, 10).astype(np.float32))
      same(g['diagonal'][...], np.arange(7.0))
      """)
  }

  @Test("zarr-python reads shards of all kinds of arrays; what is not packed yet reads as NaN")
  func shards() throws {
    _ = try fill("ntk_train", [11, 11], [2, 2], .lowerTriangle, shards: [6, 6])
    _ = try fill("nngp_test", [7, 10], [3, 4], shards: [6, 8])
    _ = try fill("single", [7, 10], [3, 4], .all, .float32, shards: [48, 64])
    _ = try fill("diagonal", [7], [2], shards: [4])
    _ = try fill("unfinished", [8, 8], [2, 2], skipping: TileIndex(3, 0), shards: [4, 4])
    try expectPython(
      """
      import warnings
      warnings.simplefilter('error')
      a = g['ntk_train']
      assert a.chunks == (2, 2) and a.shards == (6, 6), (a.chunks, a.shards)
      want = truth(11, 11)
      for it in range(6):
        for jt in range(it + 1, 6): want[2*it:2*it+2, 2*jt:2*jt+2] = np.nan
      same(a[...], want)
      same(a[8:10, 3], want[8:10, 3])
      same(g['nngp_test'][...], truth(7, 10))
      same(g['single'][...], truth(7, 10).astype(np.float32))
      same(g['diagonal'][...], np.arange(7.0))
      want = truth(8, 8)
      want[4:, :4] = np.nan
      same(g['unfinished'][...], want)
      assert sorted(g.array_keys()) == ['diagonal', 'nngp_test', 'ntk_train', 'single', 'unfinished']
      assert not list(g.group_keys())
      """)
  }

  @Test("zarr-python, too, notices a flipped bit in a shard's tile, and in its index")
  func corruptShard() throws {
    let array = try fill("a", [4, 4], [2, 2], shards: [4, 4])
    let path = array.path + "/c/0/0"
    let good = try Disk().read(path)
    for position in [5, good.count - 9] {
      var bytes = good
      bytes[position] ^= 1
      try Disk().publish(bytes, to: path)
      try expectPython(
        """
        try: g['a'][...]
        except ValueError as e: assert 'checksum' in str(e), e
        else: raise AssertionError('read a corrupted shard')
        """)
    }
  }

  @Test("Shards that zarr-python wrote into our layout, in its own order, read back here")
  func shardsByPython() throws {
    let array = try fill("a", [5, 7], [2, 3], shards: [4, 6])
    try PythonInterpreter.run(
      """
      import sys, zarr, numpy as np
      zarr.open(sys.argv[1], mode='r+')['a'][...] = np.arange(35.0).reshape(5, 7)
      """, [folder.path + "/kernels.zarr"])
    var values = [Double](repeating: 0, count: 1)
    try values.withUnsafeMutableBufferPointer { try array.read(TileIndex(2, 2), into: $0) }
    #expect(values == [34])
    #expect(try array.presentTiles().count == 9)
    for tile in try array.presentTiles() { try array.verify(tile) }
  }

  @Test("zarr-python walks nested groups and reads the fingerprint in its order")
  func nested() throws {
    _ = try fill("depth=30,weight_variance=1.76/ntk_train", [5, 5], [2, 2], .lowerTriangle)
    try expectPython(
      """
      v = g['depth=30,weight_variance=1.76']
      assert [k for k, _ in g.groups()] == ['depth=30,weight_variance=1.76']
      assert [k for k, _ in v.arrays()] == ['ntk_train']
      f = v['ntk_train'].attrs['fingerprint']
      assert list(f.items()) == [('network.depth', '3'), ('quoted', 'a "b" \\\\ ü\\n')], f
      assert v['ntk_train'].attrs['tiles'] == 'lower triangle'
      """)
  }

  @Test("zarr-python, too, notices a flipped bit in a tile")
  func corruption() throws {
    let array = try fill("a", [4, 4], [2, 2])
    let path = array.path(of: TileIndex(1, 1))
    var bytes = try Disk().read(path)
    bytes[5] ^= 1
    try Disk().publish(bytes, to: path)
    try expectPython(
      """
      same(g['a'][:2], truth(2, 4))
      try: g['a'][...]
      except ValueError as e: assert 'checksum' in str(e), e
      else: raise AssertionError('read a corrupted tile')
      """)
  }

  @Test("An array that zarr-python wrote into our layout reads back here, checksums included")
  func writtenByPython() throws {
    let array = try fill("a", [5, 7], [2, 3])
    try PythonInterpreter.run(
      """
      import sys, zarr, numpy as np
      zarr.open(sys.argv[1], mode='r+')['a'][...] = np.arange(35.0).reshape(5, 7)
      """, [folder.path + "/kernels.zarr"])
    var values = [Double](repeating: 0, count: 1)
    try values.withUnsafeMutableBufferPointer { try array.read(TileIndex(2, 2), into: $0) }
    #expect(values == [34])
    for tile in try array.presentTiles() { try array.verify(tile) }
  }
}
