import BlockCyclic
import DistributedAlgebra
import Glibc
import MessagePassing

/// Times the way of a matrix from tiles of 256 into the eigensolver against the solver alone, and
/// the memory that both take.
func timeSpectrum(_ world: Communicator, order n: Int) throws {
  let context = try BLACSContext(on: world)
  let layout = try MatrixLayout(order: n, grid: context.grid)
  let spectrum = KnownSpectrum.reflected(
    (0..<n).map { exp2(-20 * Double($0) / Double(n)) }, name: "decaying")
  let tiles = LowerTiles(n: n, edge: 256)
  let mine = tiles.places.indices.filter { $0 % world.size == world.rank }
  // Made in advance: what a store costs is not this module's.
  let ready = mine.map { tiles.tile(tiles.places[$0], spectrum.element) }

  var results: [(name: String, seconds: Double)] = []
  func note(_ name: String, since start: Double) throws {
    results.append((name, try world.allReduce(MPIEnvironment.seconds - start, .max)))
  }
  for pass in 1...2 {
    let before = residentBytes()
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    var start = try synchronisedSeconds(world)
    try matrix.deposit(tileCount: ready.count) { ready[$0] }
    try note("deposit, lower triangle", since: start)
    start = try synchronisedSeconds(world)
    let values = try eigenvalues(of: matrix)
    try note("pdsyev N", since: start)
    let error = zip(values, spectrum.eigenvalues).map { abs($0 - $1) }.max() ?? .infinity
    let peak = try world.allReduce(peakBytes() - before, .sum)
    if world.rank == 0 && pass == 1 {
      print("n \(n), \(world.size) ranks, grid \(context.grid), nb \(layout.nb), error \(error)")
      print("peak of all ranks \(peak >> 20) MiB, the matrix \((n * n * 8) >> 20) MiB")
    }
    var whole = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    start = try synchronisedSeconds(world)
    try whole.deposit(tileCount: ready.count, as: .bothTriangles) { ready[$0] }
    try note("deposit, both triangles", since: start)
    start = try synchronisedSeconds(world)
    whole.addToDiagonal(1)
    _ = try CholeskyFactor.factorize(whole)
    try note("pdpotrf", since: start)
  }
  guard world.rank == 0 else { return }
  for (name, seconds) in results { print("\(name): \(seconds) s") }
}

private func synchronisedSeconds(_ world: Communicator) throws -> Double {
  try world.barrier()
  return MPIEnvironment.seconds
}

/// This process's memory, now and at its highest, from /proc/self/status.
private func residentBytes() -> Int { statusLine("VmRSS:") }
private func peakBytes() -> Int { statusLine("VmHWM:") }

private func statusLine(_ name: String) -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, file) != nil {
    let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard text.hasPrefix(name) else { continue }
    let words = text.split(whereSeparator: \.isWhitespace)
    return words.count > 1 ? (Int(words[1]) ?? 0) << 10 : 0
  }
  return 0
}
