import ArgumentParser

/// A time limit in the formats of SLURM: 90 (seconds), 30:00, 12:00:00 or 2-12:00:00.
struct TimeLimit: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let halves = argument.split(separator: "-", omittingEmptySubsequences: false)
    let parts = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.map { Double($0) ?? -1 }
    let days = halves.count == 2 ? Double(halves[0]) ?? -1 : 0
    guard halves.count <= 2, (1...3).contains(numbers.count), days >= 0,
      numbers.allSatisfy({ $0 >= 0 && $0.isFinite }), halves.count == 1 || numbers.count == 3
    else { return nil }
    seconds = numbers.reduce(0) { $0 * 60 + $1 } + days * 86_400
    guard seconds > 0, seconds <= 1e9 else { return nil }
  }
}
