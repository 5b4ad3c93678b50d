/// The CRC-32 of Castagnoli, in the form that the `crc32c` codec of Zarr stores.
///
/// Uses slicing by 16 with tables, on three parts of the input at once, so that their chains of
/// dependent look-ups overlap. Source: RFC 3720, appendix B.4 (polynomial 0x1EDC6F41, reflected
/// 0x82F63B78); Kounavis and Berry, IEEE ToC 57 (2008), for slicing.
public struct CRC32C: Equatable, Sendable {
  /// The checksum of the bytes taken so far.
  public private(set) var value: UInt32 = 0

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of `bytes`.
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(bytes)
    return checksum.value
  }

  /// Adds more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    let tables = CRC32C.tables.pointer
    var crc = ~value
    var position = 0
    let part = CRC32C.part
    while bytes.count - position >= 3 * part {
      var (a, b, c) = (crc, UInt32(0), UInt32(0))
      let start = base + position
      for offset in stride(from: 0, to: part, by: 16) {
        a = CRC32C.step(a, start + offset, tables)
        b = CRC32C.step(b, start + part + offset, tables)
        c = CRC32C.step(c, start + 2 * part + offset, tables)
      }
      crc = CRC32C.shift(CRC32C.shift(a, tables) ^ b, tables) ^ c
      position += 3 * part
    }
    while bytes.count - position >= 16 {
      crc = CRC32C.step(crc, base + position, tables)
      position += 16
    }
    while position < bytes.count {
      let byte = base.load(fromByteOffset: position, as: UInt8.self)
      crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
      position += 1
    }
    value = ~crc
  }

  /// The number of bytes per part of the three-way loop; a multiple of 16.
  private static let part = 4096

  private static let polynomial: UInt32 = 0x82F6_3B78

  /// 16 tables of 256 entries for the slices, then 4 tables of 256 entries that advance a checksum over `part` zeros.
  private struct Tables: @unchecked Sendable {
    // The memory is written once before it is shared and is never freed, so `@unchecked` is safe.
    let pointer: UnsafePointer<UInt32>
  }

  private static let tables: Tables = {
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 20 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = (crc & 1 == 1 ? polynomial : 0) ^ (crc >> 1) }
      tables[byte] = crc
    }
    for entry in 256..<(16 * 256) {
      let crc = tables[entry - 256]
      tables[entry] = tables[Int(crc & 255)] ^ (crc >> 8)
    }
    // The advance is linear in the register: the results for its 32 bits give all other results.
    let ofBit = (0..<32).map { bit in
      (0..<part).reduce(UInt32(1) << UInt32(bit)) { crc, _ in tables[Int(crc & 255)] ^ (crc >> 8) }
    }
    for entry in 0..<(4 * 256) {
      let bits = (0..<8).filter { entry >> $0 & 1 == 1 }
      tables[16 * 256 + entry] = bits.reduce(0) { $0 ^ ofBit[8 * (entry >> 8) + $1] }
    }
    return Tables(pointer: tables)
  }()

  /// The register after 16 more bytes.
  @inline(__always)
  private static func step(
    _ crc: UInt32, _ bytes: UnsafeRawPointer, _ t: UnsafePointer<UInt32>
  ) -> UInt32 {
    let low = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) ^ UInt64(crc)
    let high = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    var result: UInt32 = 0
    for k in 0..<8 {
      result ^= t[(15 - k) * 256 + Int(truncatingIfNeeded: (low >> UInt64(8 * k)) & 255)]
      result ^= t[(7 - k) * 256 + Int(truncatingIfNeeded: (high >> UInt64(8 * k)) & 255)]
    }
    return result
  }

  /// The register after `part` zero bytes.
  @inline(__always)
  private static func shift(_ crc: UInt32, _ t: UnsafePointer<UInt32>) -> UInt32 {
    let z = t + 16 * 256
    return z[Int(crc & 255)] ^ z[256 + Int((crc >> 8) & 255)]
      ^ z[512 + Int((crc >> 16) & 255)] ^ z[768 + Int(crc >> 24)]
  }
}
