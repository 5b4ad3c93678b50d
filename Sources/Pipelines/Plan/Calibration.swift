import BLAS
import DurableFiles
import Foundation
import KernelTiles
import RecursionCore

/// Short measurements of this machine: seconds each.
enum Calibration {
  /// The machine without any network.
  static func machine(writingTo folder: String) throws -> MachineProfile {
    OpenBLAS.setThreads(1)
    return MachineProfile(
      cores: ProcessInfo.processInfo.activeProcessorCount,
      memory: Int(ProcessInfo.processInfo.physicalMemory), gflopsF64: gflops(Double(0)),
      gflopsF32: gflops(Float(0)), writeBytesPerSecond: try writeSpeed(folder), tiles: [:])
  }

  /// A tile of a job's networks, off and on the diagonal, computed and made durable as in a run.
  static func tile(
    _ assignment: Assignment, train: Int, shape: [Int], folder: String
  ) throws -> MachineProfile.TileSeconds {
    OpenBLAS.setThreads(1)
    let tile = min(assignment.tile(train: train), train)
    let features = shape.reduce(1, *)
    // Images with numbers of unit variance; what they show does not matter to the time.
    var state: UInt64 = 1
    let values = (0..<3 * tile * features).map { _ -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) / 0x1p53 - 0.5) * 12.0.squareRoot()
    }
    let arrays = assignment.variants.count * assignment.kernels.count
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: 2 * tile * tile)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0, count: 2 * tile * tile)
    let output = KernelOutput(nngp: memory, ntk: memory + tile * tile, stride: tile)
    let bytes = UnsafeRawBufferPointer(
      start: memory, count: tile * tile * assignment.storage.bytes)
    let path = folder + "/.ntk-dist-calibration-\(ProcessInfo.processInfo.processIdentifier)"
    defer { unlink(path) }
    return try values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .init(apart: 0, diagonal: 0) }
      let images = Images(base: base, count: 3 * tile, shape: shape)
      /// Seconds of one tile whose rows are edge number `row`, that of the columns being known.
      func seconds(_ kernels: TileKernels, row: Int) throws -> Double {
        let rows = images.slice(row * tile..<(row + 1) * tile)
        let start = now()
        _ = try kernels.compute(
          .init(rows: rows, columns: images.slice(0..<tile), isDiagonal: row == 0),
          outputs: [KernelOutput](repeating: output, count: assignment.variants.count))
        for _ in 0..<arrays { try Disk().publish(bytes, to: path, flushesFolder: false) }
        return now() - start
      }
      let kernels = TileKernels(assignment.program, precision: assignment.precision)
      let diagonal = try seconds(kernels, row: 0)
      var apart = Double.infinity
      let start = now()
      for round in 0..<20 where round < 2 || now() - start < 2 {
        apart = min(apart, try seconds(kernels, row: 1 + round % 2))
      }
      // The first tile has paid for memory and for both of its edges.
      let again = try seconds(kernels, row: 0)
      return .init(apart: apart, diagonal: min(diagonal, again))
    }
  }

  private static func gflops<Scalar: BinaryFloatingPoint>(_ zero: Scalar) -> Double {
    let n = 1024
    let (a, b) = ([Scalar](repeating: 1, count: n * n), [Scalar](repeating: 0.5, count: n * n))
    var c = [Scalar](repeating: 0, count: n * n)
    var best = Double.infinity
    for _ in 0..<4 {
      let start = now()
      if let a = a as? [Double], let b = b as? [Double], var target = c as? [Double] {
        dgemm(m: n, n: n, k: n, a, lda: n, b, ldb: n, &target, ldc: n)
        c = target as? [Scalar] ?? c
      } else if let a = a as? [Float], let b = b as? [Float], var target = c as? [Float] {
        sgemm(m: n, n: n, k: n, a, lda: n, b, ldb: n, &target, ldc: n)
        c = target as? [Scalar] ?? c
      }
      best = min(best, now() - start)
    }
    return 2 * Double(n * n * n) / best / 1e9
  }

  private static func writeSpeed(_ folder: String) throws -> Double {
    let path = folder + "/.ntk-dist-calibration-\(ProcessInfo.processInfo.processIdentifier)"
    defer { unlink(path) }
    let bytes = [UInt8](repeating: 7, count: 64 << 20)
    let start = now()
    try Disk().publish(bytes, to: path)
    return Double(bytes.count) / (now() - start)
  }

  private static func now() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
  }
}
