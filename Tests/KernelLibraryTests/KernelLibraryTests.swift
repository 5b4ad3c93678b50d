import BLAS
import Foundation
import Jobs
import KernelArrays
import KernelLibrary
import KernelTiles
import NTKDistLibrary
import RecursionCore
import Testing

/// The functions of the library, as C calls them.
@Suite("kernel library")
struct KernelLibraryTests {
  static let networks: [(text: String, shape: [Int], count: Int)] = [
    ("{preset: fcn, depth: 3, activation: relu}", [1, 1, 40], 300),
    ("[flatten, {dense: {weight_variance: 1.5}}, tanh, dense]", [4, 4, 3], 40),
    ("{preset: cnn-flatten, depth: 2, activation: erf}", [6, 6, 3], 37),
    ("{preset: cnn-gap, depth: 2, activation: relu}", [5, 5, 3], 19),
    (
      "[{convolution: {filter: [3, 3]}}, relu, self_attention, flatten, dense]", [4, 4, 2], 9
    ),
  ]

  /// The kernels by the program's way, one tile after the other.
  static func tiles(
    _ text: String, _ shape: [Int], _ x1: [Double], _ x2: [Double]?, precision: Precision
  ) throws -> (nngp: [Double], ntk: [Double]) {
    let imageShape = shape[0] * shape[1] == 1 ? [shape[2]] : shape
    let network = try ArrayNetwork(
      try NetworkSection(yaml: text, name: "network"), named: "network", imageShape: imageShape,
      precision: precision)
    let features = shape.reduce(1, *)
    let (m, n) = (x1.count / features, (x2 ?? x1).count / features)
    let tiles = try ArrayTiles(
      rows: m, columns: x2 == nil ? nil : n, tile: network.tile(count: min(m, n), workers: 1))
    let kernels = network.makeTileKernels()
    // As the program does: bits of products depend on it.
    OpenBLAS.useOneThread()
    var values = [Double](repeating: .nan, count: 2 * m * n)
    try x1.withUnsafeBufferPointer { x1 in
      try (x2 ?? []).withUnsafeBufferPointer { x2 in
        try values.withUnsafeMutableBufferPointer { values in
          let first = try #require(x1.baseAddress)
          let rows = Images(base: first, count: m, shape: imageShape)
          let columns =
            x2.isEmpty
            ? rows : Images(base: try #require(x2.baseAddress), count: n, shape: imageShape)
          let base = try #require(values.baseAddress)
          for index in 0..<tiles.grid.count {
            let tile = tiles.grid.tile(at: index)
            let (r, c) = (tiles.grid.rows(of: tile), tiles.grid.columns(of: tile))
            let place = base + r.lowerBound * n + c.lowerBound
            _ = try tiles.compute(
              tile, rows: rows, columns: columns, with: kernels,
              into: KernelOutput(nngp: place, ntk: place + m * n, stride: n))
            for i in r where tiles.isMirrored(tile) {
              for j in c {
                base[j * n + i] = base[i * n + j]
                base[m * n + j * n + i] = base[m * n + i * n + j]
              }
            }
          }
        }
      }
    }
    return (Array(values[..<(m * n)]), Array(values[(m * n)...]))
  }

  @Test("every number of threads gives the program's bits", arguments: networks.indices)
  func bits(_ index: Int) throws {
    let (text, shape, count) = Self.networks[index]
    for precision in [Int32(64), 32] {
      let network = try TestNetwork(text, shape: shape, precision: precision)
      let (x1, x2) = (network.images(count), network.images(count / 2 + 1, seed: 11))
      for columns in [nil, x2] {
        let expected = try Self.tiles(
          text, shape, x1, columns, precision: precision == 64 ? .f64 : .f32)
        for threads in [Int32(1), 2, 5] {
          let found = try network.kernels(x1, columns, threads: threads, deficits: threads == 2)
          let isSame = found.nngp == expected.nngp && found.ntk == expected.ntk
          #expect(isSame, "\(text), precision \(precision), \(threads) threads")
        }
      }
    }
  }

  @Test("deficits and diagonals belong to the kernels", arguments: networks.indices)
  func deficits(_ index: Int) throws {
    let (text, shape, count) = Self.networks[index]
    let network = try TestNetwork(text, shape: shape)
    let (n, m) = (count, count / 2 + 1)
    let found = try network.kernels(
      network.images(n), network.images(m, seed: 5), threads: 2, deficits: true)
    for (kernel, part) in [(found.nngp, 0), (found.ntk, 1)] {
      let (rows, columns) = (found.diagonals[part], found.diagonals[part + 2])
      for i in 0..<n {
        for j in 0..<m {
          let largest = (rows[i] * columns[j]).squareRoot()
          #expect(
            abs(largest - kernel[i * m + j] - found.deficits[part][i * m + j]) <= 1e-13 * largest)
        }
      }
    }
    let square = try network.kernels(network.images(n), threads: 2, deficits: true)
    for i in 0..<n {
      #expect(square.diagonals[0][i] == square.nngp[i * n + i])
      #expect(square.diagonals[1][i] == square.ntk[i * n + i])
      #expect(square.deficits[0][i * n + i] == 0)
    }
    #expect(square.diagonals[2] == square.diagonals[0])
    #expect(square.diagonals[3] == square.diagonals[1])
    #expect(found.diagonals[0] == square.diagonals[0])
  }

  @Test("only what is asked for is written, also where that is a diagonal alone")
  func parts() throws {
    let network = try TestNetwork("{preset: cnn-gap, depth: 1}", shape: [4, 4, 1])
    let (x1, x2) = (network.images(30), network.images(20, seed: 3))
    let all = try network.kernels(x1, x2)
    var diagonal = [Double](repeating: .nan, count: 20)
    try diagonal.withUnsafeMutableBufferPointer { diagonal in
      var results = ntkdist_results()
      results.size = Int64(MemoryLayout<ntkdist_results>.size)
      results.ntk_diagonal2 = diagonal.baseAddress
      try succeed { kernel(network.pointer, x1, 30, x2, 20, nil, &results, $0) }
    }
    #expect(diagonal == all.diagonals[3])
    try succeed { kernel(network.pointer, x1, 30, nil, 30, nil, nil, $0) }
  }

  @Test("two threads use one network at once")
  func twoAtOnce() throws {
    let network = try TestNetwork("{preset: fcn, depth: 2, activation: swish}", shape: [1, 1, 30])
    let inputs = (1...8).map { network.images(20 * $0, seed: UInt64($0)) }
    let expected = try inputs.map { try network.kernels($0) }
    let found = Array(repeating: [TestKernels](), count: 2).map { _ in LockedKernels() }
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      for input in inputs {
        found[thread].append(try? network.kernels(input, threads: 2))
      }
    }
    let isSame = found.allSatisfy { $0.kernels == expected }
    #expect(isSame)
  }

  @Test("images whose memory is used again are read again")
  func reusedMemory() throws {
    let network = try TestNetwork("{preset: fcn, depth: 1}", shape: [1, 1, 10])
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: 50)
    defer { memory.deallocate() }
    for seed in [UInt64(1), 2] {
      let images = network.images(5, seed: seed)
      memory.initialize(from: images, count: 50)
      var kernels = TestKernels(5, 5, deficits: false)
      try kernels.withResults { results in
        try succeed { kernel(network.pointer, memory, 5, nil, 0, nil, &results, $0) }
      }
      let isSame = try kernels == network.kernels(images)
      #expect(isSame)
    }
  }
}

/// Kernels that a thread has made.
private final class LockedKernels: @unchecked Sendable {
  private(set) var kernels: [TestKernels?] = []
  func append(_ kernel: TestKernels?) { kernels.append(kernel) }
}
