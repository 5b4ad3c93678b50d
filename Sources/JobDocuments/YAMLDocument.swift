import DurableFiles
import Glibc

/// A YAML text as a tree whose nodes know their lines. JSON is valid YAML.
package struct YAMLDocument: Sendable {
  /// The name of the file in errors.
  let name: String
  package var root: DocumentNode

  /// Every job is smaller; a data file given by mistake is larger.
  static let byteLimit = 16 << 20
  /// The maximum number of values when every alias is written out. It limits what a small file can expand to.
  static let nodeLimit = 1_000_000
  static let nestingLimit = 100

  /// Reads the file at `path`, relative to the working directory.
  package init(path: String) throws(JobError) {
    let place = JobError.Place.file(path)
    let bytes: [UInt8]
    do {
      bytes = try Disk().read(path, limit: Self.byteLimit)
    } catch {
      throw Self.refusal(error, place)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw JobError(.unreadable, at: place, "the file is not UTF-8 text; check the path")
    }
    try self.init(yaml: text, name: path)
  }

  /// The error that says why a file is not a job.
  private static func refusal(_ error: FileError, _ place: JobError.Place) -> JobError {
    switch error.code {
    case ENOENT, ENOTDIR:
      return JobError(.missingFile, at: place, "the file does not exist; check the path")
    case EISDIR:
      return JobError(.unreadable, at: place, "this is a folder; name the job file in it")
    case ENXIO:
      return JobError(
        .unreadable, at: place, "this is not a regular file; write the job to a file")
    case EFBIG:
      return JobError(
        .unreadable, at: place,
        "the file is larger than \(byteLimit >> 20) MiB, so it is no job; check the path")
    case EIO:
      return JobError(
        .unreadable, at: place, "the file cannot be read to its end; check the disk")
    default:
      return JobError(
        .unreadable, at: place, "the file cannot be opened; check its permissions")
    }
  }

  /// Reads the text `yaml`; errors call it `name`.
  package init(yaml: String, name: String) throws(JobError) {
    self.name = name
    let place = JobError.Place.file(name)
    let node = try Self.compose(yaml, place) { line in .line(name, line) }
    guard let node else {
      throw JobError(
        .syntax, at: place, "the file is empty; write a job with data, network, output")
    }
    root = node
  }

  /// Reads the value of an option. Every node of the value has the option as its place.
  static func value(_ yaml: String, place: JobError.Place) throws(JobError) -> DocumentNode? {
    try compose(yaml, place) { _ in place }
  }

  private static func compose(
    _ yaml: String, _ whole: JobError.Place, at place: @escaping (Int) -> JobError.Place
  ) throws(JobError) -> DocumentNode? {
    var text = yaml
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    var composer = YAMLComposer(text, whole, at: place)
    return try composer.document()
  }
}
