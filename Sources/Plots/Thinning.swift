import Foundation

/// Selects the points that a picture needs.
public enum Thinning {
  /// At most `limit` indices in `0..<count`, in ascending order, including both ends.
  ///
  /// If `count` exceeds `limit`, two thirds of the indices are at equal ratios counted from the
  /// first index, and one third is at equal ratios counted from the last index, so that both ends are dense.
  public static func logarithmic(_ count: Int, limit: Int) -> [Int] {
    guard count > limit, limit > 1 else { return Array(0..<max(count, 0)) }
    let fromLast = limit / 3
    let places =
      fromFirst(count, limit - fromLast) + fromFirst(count, fromLast).map { count - 1 - $0 }
    return Set(places + [0, count - 1]).sorted()
  }

  /// At most `limit` indices at nearly equal ratios of index + 1.
  private static func fromFirst(_ count: Int, _ limit: Int) -> [Int] {
    guard limit > 1 else { return Array(0..<min(limit, count)) }
    var places: [Int] = []
    for step in 0..<limit {
      let place = Int(exp(log(Double(count)) * Double(step) / Double(limit - 1)).rounded()) - 1
      let next = min(max(place, (places.last ?? -1) + 1), count - 1)
      if next != places.last { places.append(next) }
    }
    return places
  }

  /// At most `limit` elements of `values` at equal distances, including both ends.
  public static func even<Value>(_ values: [Value], limit: Int) -> [Value] {
    guard values.count > limit, limit > 1 else { return values }
    return (0..<limit).map { values[$0 * (values.count - 1) / (limit - 1)] }
  }
}
