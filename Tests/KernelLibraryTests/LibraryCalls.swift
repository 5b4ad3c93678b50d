import Glibc
import KernelLibrary
import NTKDistLibrary

/// What a function of the library says was wrong.
struct LibraryFailure: Error, Equatable {
  let status: Int32
  let sentence: String
}

/// A network made by the library.
final class TestNetwork: @unchecked Sendable {
  let pointer: OpaquePointer
  let shape: [Int]

  init(_ text: String, shape: [Int], precision: Int32 = 64) throws {
    var network: OpaquePointer?
    try succeed { message in
      createNetwork(
        text, Int64(shape[0]), Int64(shape[1]), Int64(shape[2]), precision, &network, message)
    }
    guard let network else { throw LibraryFailure(status: 0, sentence: "no network") }
    pointer = network
    self.shape = shape
  }

  deinit { freeNetwork(pointer) }

  var features: Int { shape.reduce(1, *) }

  /// Images of a repeatable generator.
  func images(_ count: Int, seed: UInt64 = 7) -> [Double] {
    var state = seed
    return (0..<count * features).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
    }
  }

  /// Its kernels.
  func kernels(
    _ x1: [Double], _ x2: [Double]? = nil, threads: Int32 = 1, deficits: Bool = false,
    options: ((inout ntkdist_options) -> Void)? = nil
  ) throws -> TestKernels {
    let (n1, n2) = (x1.count / features, (x2 ?? x1).count / features)
    var kernels = TestKernels(n1, n2, deficits: deficits)
    var asked = ntkdist_options()
    asked.size = Int64(MemoryLayout<ntkdist_options>.size)
    asked.threads = threads
    options?(&asked)
    try kernels.withResults { results in
      try succeed { message in
        kernel(
          pointer, x1, Int64(n1), x2, x2 == nil ? 0 : Int64(n2), &asked, &results, message)
      }
    }
    return kernels
  }
}

/// What a kernel call gives.
struct TestKernels: Equatable {
  var nngp: [Double]
  var ntk: [Double]
  var deficits: [[Double]]
  var diagonals: [[Double]]

  init(_ n1: Int, _ n2: Int, deficits hasDeficits: Bool) {
    nngp = [Double](repeating: .nan, count: n1 * n2)
    ntk = nngp
    deficits = hasDeficits ? [nngp, nngp] : [[], []]
    diagonals = [n1, n1, n2, n2].map { [Double](repeating: .nan, count: $0) }
  }

  mutating func withResults(_ body: (inout ntkdist_results) throws -> Void) throws {
    let arrays = [nngp, ntk] + deficits + diagonals
    let pointers = arrays.map { array -> UnsafeMutablePointer<Double>? in
      guard !array.isEmpty else { return nil }
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: array.count)
      memory.initialize(from: array, count: array.count)
      return memory
    }
    defer { for pointer in pointers { pointer?.deallocate() } }
    var results = ntkdist_results()
    results.size = Int64(MemoryLayout<ntkdist_results>.size)
    (results.nngp, results.ntk) = (pointers[0], pointers[1])
    (results.nngp_deficit, results.ntk_deficit) = (pointers[2], pointers[3])
    (results.nngp_diagonal1, results.ntk_diagonal1) = (pointers[4], pointers[5])
    (results.nngp_diagonal2, results.ntk_diagonal2) = (pointers[6], pointers[7])
    try body(&results)
    let found = zip(pointers, arrays).map { pointer, array in
      Array(UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : array.count))
    }
    (nngp, ntk) = (found[0], found[1])
    (deficits, diagonals) = ([found[2], found[3]], Array(found[4...]))
  }
}

/// Runs a function of the library; throws its status and sentence.
func succeed(
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
) throws(LibraryFailure) {
  var message: UnsafeMutablePointer<CChar>?
  let status = call(&message)
  defer { freeText(message) }
  if status != 0 {
    throw LibraryFailure(status: status, sentence: message.map { String(cString: $0) } ?? "")
  }
}
