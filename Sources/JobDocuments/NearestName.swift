/// The name among `known` that `name` was probably meant to be; nil if there is none. It is a name
/// that begins with all of `name`, or a name at most two edits away. A name with this beginning is
/// preferred to a name two edits away.
///
/// At least one letter must agree, so that a name of one or two letters does not suggest anything.
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
  // If `name` is the whole first word of a known name, the user more likely meant that name than
  // one with another letter.
  if let whole = known.first(where: { $0.hasPrefix(name + "-") }) { return whole }
  if best?.distance == 1 { return best?.name }
  return known.first { $0.hasPrefix(name) } ?? best?.name
}

/// The text ` (did you mean 'name'?)` if a known name is near; otherwise an empty text.
package func suggestion(for name: String, among known: [String]) -> String {
  nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
}

/// The number of letters to insert, delete or replace to turn `first` into `second`.
///
/// Source: Wagner and Fischer 1974, computed one row at a time.
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
