/// The name among `known` that `name` was probably meant to be: one of which it is the first part, or
/// one at most two edits away, or, better than two edits, one that begins with all of it.
///
/// A letter must stand, so that a name of one or two letters suggests nothing.
func nearestName(to name: String, among known: [String]) -> String? {
  var best: (name: String, distance: Int)?
  for candidate in known {
    let distance = editDistance(name, candidate)
    let isNear = distance <= 2 && distance < min(name.count, candidate.count)
    if isNear, distance < best?.distance ?? 3 {
      best = (candidate, distance)
    }
  }
  if name.count < 3 { return best?.name }
  // All of a name's first word is meant more often than another letter.
  if let whole = known.first(where: { $0.hasPrefix(name + "-") }) { return whole }
  if best?.distance == 1 { return best?.name }
  return known.first { $0.hasPrefix(name) } ?? best?.name
}

/// ` (did you mean 'name'?)` where a known name is near, nothing otherwise.
package func suggestion(for name: String, among known: [String]) -> String {
  nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
}

/// The number of letters to insert, delete or replace that turn `first` into `second`.
///
/// Source: Wagner and Fischer 1974, one row at a time.
func editDistance(_ first: String, _ second: String) -> Int {
  let second = Array(second)
  var row = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in second.indices {
      let replaced = diagonal + (letter == second[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[second.count]
}

/// The names in a sentence: `a`, `a and b`, `a, b and c`.
package func enumeration(_ names: [String], _ conjunction: String = "and") -> String {
  guard let last = names.last, names.count > 1 else { return names.first ?? "" }
  return names.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}
