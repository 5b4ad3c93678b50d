import Failures
import Glibc

/// A text that the caller must free.
public typealias CText = UnsafeMutablePointer<CChar>

/// Runs the body of a library function, and turns its error into a status and a sentence.
func status(
  _ message: UnsafeMutablePointer<CText?>?, _ body: () throws -> Void
) -> Int32 {
  message?.pointee = nil
  do {
    try body()
    return ExitStatus.success.rawValue
  } catch {
    message?.pointee = strdup("\(error)")
    return ExitStatus(of: error).rawValue
  }
}

/// A text from the caller.
///
/// - Parameter example: an example of a valid text.
///
/// Errors: `Refusal` if the text is NULL, empty or not UTF-8.
func text(
  _ name: String, _ bytes: UnsafePointer<CChar>?, example: String
) throws(Refusal) -> String {
  guard let bytes else { throw Refusal(.usage, "\(name) is NULL; give a text") }
  guard bytes.pointee != 0 else {
    throw Refusal(.badJob, "\(name) is empty; give for example \(example)")
  }
  guard let text = String(validatingCString: bytes) else {
    throw Refusal(.usage, "\(name) is not UTF-8 text")
  }
  return text
}

/// The place where the caller wants a result.
///
/// Errors: `Refusal` if it is NULL.
func place<Value>(
  _ name: String, _ place: UnsafeMutablePointer<Value>?
) throws(Refusal) -> UnsafeMutablePointer<Value> {
  guard let place else { throw Refusal(.usage, "\(name) is NULL; give a place for it") }
  return place
}

/// A structure from the caller that begins with its size, as declared in the caller's header.
/// Fields that only a newer header has must be 0, and fields that an older header lacks are taken as 0.
///
/// - Parameter first: the size of the structure in the first version of the header.
///
/// Errors: `Refusal` for an invalid size, or for a field that this library does not know.
package func structure<Value>(
  _ name: String, _ given: UnsafePointer<Value>?, empty: Value, first: Int
) throws(Refusal) -> Value {
  guard let given else { return empty }
  let known = MemoryLayout<Value>.size
  let size = UnsafeRawPointer(given).load(as: Int64.self)
  guard size >= first, size <= 4096 else {
    throw Refusal(.usage, "\(name).size is \(size); set it to sizeof(ntkdist_\(name)), \(known)")
  }
  let bytes = UnsafeRawBufferPointer(start: given, count: Int(size))
  guard bytes.dropFirst(known).allSatisfy({ $0 == 0 }) else {
    throw Refusal(
      .usage, "\(name) asks for something that this version does not know; use a newer library")
  }
  var value = empty
  withUnsafeMutableBytes(of: &value) {
    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(known)))
  }
  return value
}
