import Assembly
import BLAS
import DistributedAlgebra
import DurableFiles
import Foundation
import KernelTiles
import RecursionCore
import Synchronization

/// Short measurements of this machine, at most 20 seconds in total.
enum Calibration {
  /// Measures the machine without any network.
  ///
  /// Errors: not enough memory for BLAS.
  static func machine() throws -> MachineProfile {
    try OpenBLAS.requireMemory()
    OpenBLAS.setThreads(1)
    return MachineProfile(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      memory: Int(ProcessInfo.processInfo.physicalMemory), gflopsF64: gflops(Double.self),
      gflopsF32: gflops(Float.self), tiles: [:])
  }

  /// Measures tiles of a job's networks, off and on the diagonal, computed and made durable as in a
  /// run. The measurement uses all cores at once, because they share the memory and the disk.
  ///
  /// Files are written to the temporary folder.
  static func tile(
    _ assignment: Assignment, train: Int, shape: [Int], cores: Int
  ) throws -> MachineProfile.TileSeconds {
    try OpenBLAS.requireMemory()
    OpenBLAS.setThreads(1)
    let tile = min(assignment.tile(train: train), train)
    guard let networks = assignment.networks else {
      return try copying(assignment, tile: tile, train: train)
    }
    // Images with values of unit variance. The time does not depend on their contents.
    var state: UInt64 = 1
    let values = (0..<3 * tile * shape.reduce(1, *)).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) / 0x1p53 - 0.5) * 12.0.squareRoot()
    }
    let work = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: work) }
    let results = Mutex<[Result<MachineProfile.TileSeconds, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: cores) { worker in
      let result = Result {
        try core(assignment, networks, tile, values, shape, file: work + "/\(worker)")
      }
      results.withLock { $0.append(result) }
    }
    let all = try results.withLock { try $0.map { try $0.get() } }
    let count = Double(all.count)
    return .init(
      apart: all.reduce(0) { $0 + $1.apart } / count,
      diagonal: all.reduce(0) { $0 + $1.diagonal } / count)
  }

  /// The mean seconds of tiles on one core, measured for some seconds.
  ///
  /// If a whole tile takes longer than that, parts of it are measured, because the time of a tile
  /// is proportional to its area.
  private static func core(
    _ assignment: Assignment, _ networks: NetworkWork, _ tile: Int, _ values: [Double],
    _ shape: [Int], file: String
  ) throws -> MachineProfile.TileSeconds {
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: 2 * tile * tile)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0, count: 2 * tile * tile)
    let output = KernelOutput(nngp: memory, ntk: memory + tile * tile, stride: tile)
    let outputs = [KernelOutput](repeating: output, count: assignment.variants.count)
    let kernels = networks.makeTileKernels()
    return try values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .init(apart: 0, diagonal: 0) }
      // The time does not depend on the contents of mirror images either.
      let images = Images(
        base: base, count: 3 * tile, shape: shape, mirrors: assignment.averagesMirrors ? base : nil)
      /// The seconds of this core for the first `edge` rows and columns of a tile in column 0.
      func seconds(row: Int, edge: Int) throws -> Double {
        let rows = images.slice(row * tile..<row * tile + edge)
        let start = processorSeconds
        _ = try kernels.compute(
          .init(rows: rows, columns: images.slice(0..<edge), isDiagonal: row == 0),
          outputs: outputs)
        return processorSeconds - start
      }
      let begin = now()
      // Measure larger and larger parts. The first one includes the cost of memory, and the next
      // one takes at most seconds.
      var edge = min(tile, max(networks.program.leastTile, 1))
      _ = try seconds(row: 0, edge: edge)
      var last = try seconds(row: 1, edge: edge)
      while edge < tile, last < 0.5, now() - begin < 3 {
        edge = min(2 * edge, tile)
        last = try seconds(row: 1, edge: edge)
      }
      let scale = Double(tile * tile) / Double(edge * edge)
      let diagonal = now() - begin < 6 ? try seconds(row: 0, edge: edge) : last
      var (sum, count) = (last, 1)
      while sum < 4, count < 100, now() - begin < 10 {
        sum += try seconds(row: 1 + count % 2, edge: edge)
        count += 1
      }
      let writing = try writingSeconds(
        assignment,
        UnsafeRawBufferPointer(start: memory, count: tile * tile * assignment.storage.bytes),
        file: file)
      return .init(
        apart: sum / Double(count) * scale + writing, diagonal: diagonal * scale + writing)
    }
  }

  /// The seconds to make a tile of every array durable.
  static func writingSeconds(
    _ assignment: Assignment, _ bytes: UnsafeRawBufferPointer, file: String
  ) throws -> Double {
    let arrays = assignment.valuesPerPair
    // The first file in a folder takes longer.
    let start = now()
    var written = 0
    while written < 2 || (now() - start < 1 && written < 4 * arrays) {
      _ = CRC32C.checksum(bytes)
      try Disk().publish(bytes, to: "\(file).\(written)", flushesFolder: false)
      written += 1
    }
    return (now() - start) / Double(written) * Double(arrays)
  }

  private static func gflops<Scalar: MatrixScalar>(_ scalar: Scalar.Type) -> Double {
    let n = 1024
    let (a, b) = ([Scalar](repeating: 1, count: n * n), [Scalar](repeating: 0.5, count: n * n))
    var c = [Scalar](repeating: 0, count: n * n)
    var best = Double.infinity
    for _ in 0..<4 {
      let start = now()
      Scalar.multiply(
        .none, .none, m: n, n: n, k: n, alpha: 1, a, lda: n, b, ldb: n, beta: 0, &c, ldc: n)
      best = min(best, now() - start)
    }
    return 2 * Double(n * n * n) / best / 1e9
  }

  /// The processor seconds of the calling thread. Other programs on the machine do not increase them.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func now() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
  }
}
