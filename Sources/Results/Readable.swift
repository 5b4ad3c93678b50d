import Foundation

/// A duration in a form for people: 0.4 s, 12 s, 3 min 20 s, 5 h 3 min.
package func readable(seconds: Double) -> String {
  guard !seconds.isNaN else { return "unknown" }
  switch max(seconds, 0) {
  case ..<10: return String(format: "%.1f s", max(seconds, 0))
  case ..<100: return String(format: "%.0f s", seconds)
  case ..<6000: return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  case ..<(100 * 365.25 * 86_400): return "\(Int(seconds) / 3600) h \(Int(seconds) % 3600 / 60) min"
  default: return "more than 100 years"
  }
}

/// A number of bytes in GB, without the unit.
package func gigabytes(_ bytes: Int) -> String {
  let value = Double(bytes) * 1e-9
  return String(format: value < 10 ? "%.2f" : "%.1f", value)
}

/// A number of bytes in a form for people: 0.6 MB, 5.37 GB.
package func readable(bytes: Int) -> String {
  bytes < 100_000_000
    ? String(format: "%.1f MB", Double(bytes) * 1e-6) : gigabytes(bytes) + " GB"
}
