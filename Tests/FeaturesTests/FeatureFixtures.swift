import Foundation

/// A folder of one test with arrays in it, removed with it.
final class FeatureFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "ntk-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a .npy file of a shape, in half, single or double precision.
  func put(_ values: [Double], _ shape: [Int], type: String = "<f8", at name: String) throws {
    let lengths = shape.map { "\($0), " }.joined()
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(lengths)), }\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
    data += [UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)]
    data += Array(text.utf8)
    for value in values {
      switch type {
      case "<f2": withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { data += Array($0) }
      case "<f4": withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { data += Array($0) }
      default: withUnsafeBytes(of: value.bitPattern.littleEndian) { data += Array($0) }
      }
    }
    let url = URL(filePath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + name)
  }
}

/// The same numbers in every run, of half precision.
struct Numbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int(state >> 56) - 128) / 64
  }

  mutating func list(_ count: Int) -> [Double] { (0..<count).map { _ in next() } }
}
