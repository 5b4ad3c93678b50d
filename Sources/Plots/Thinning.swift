import Foundation

/// Which of many points a picture needs.
public enum Thinning {
  /// Places in `0..<count`, ascending, at nearly equal ratios of place + 1, both ends with them:
  /// all where there are no more than `limit`.
  public static func logarithmic(_ count: Int, limit: Int) -> [Int] {
    guard count > limit, limit > 1 else { return Array(0..<max(count, 0)) }
    var places: [Int] = []
    for step in 0..<limit {
      let place = Int(exp(log(Double(count)) * Double(step) / Double(limit - 1)).rounded()) - 1
      let next = min(max(place, (places.last ?? -1) + 1), count - 1)
      if next != places.last { places.append(next) }
    }
    return places
  }

  /// `limit` of `values`, evenly, both ends with them; all where there are no more.
  public static func even<Value>(_ values: [Value], limit: Int) -> [Value] {
    guard values.count > limit, limit > 1 else { return values }
    return (0..<limit).map { values[$0 * (values.count - 1) / (limit - 1)] }
  }
}
