import Glibc

extension Form where Value == String {
  /// A path. As in a shell, `~` at the beginning stands for the home directory. A number is taken
  /// as it was written.
  package static var path: Form {
    let words = "a path"
    return Form(words: words) { (item) throws(JobError) in
      guard case .scalar(let scalar) = item.node.content,
        scalar.isQuoted || ![.flag(true), .flag(false)].contains(scalar.value)
      else { throw item.wrongType(expected: words) }
      guard !scalar.text.isEmpty, !scalar.text.utf8.contains(0) else {
        throw item.outOfRange(allowed: "a path that is not empty")
      }
      return try expandingHome(scalar.text, item)
    } text: {
      .text($0)
    }
  }

  private static func expandingHome(_ path: String, _ item: Item) throws(JobError) -> String {
    guard path.hasPrefix("~") else { return path }
    guard path == "~" || path.hasPrefix("~/") else {
      throw item.outOfRange(
        allowed:
          "a path that begins with ~/ for the home directory, or with ./~ for a file of that "
          + "name")
    }
    return try homeFolder(item) + path.dropFirst()
  }

  /// The home folder: HOME, or else the entry in the system's list of users.
  private static func homeFolder(_ item: Item) throws(JobError) -> String {
    if let home = getenv("HOME") { return String(cString: home) }
    guard let user = getpwuid(getuid()) else {
      throw item.outOfRange(allowed: "a path without ~, as HOME is not set")
    }
    return String(cString: user.pointee.pw_dir)
  }
}
