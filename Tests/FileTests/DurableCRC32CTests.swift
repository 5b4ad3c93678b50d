import DurableFiles
import Testing

@Suite struct DurableCRC32CTests {
  /// The definition, bit by bit.
  private func reference(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes(CRC32C.checksum) }

  @Test("The check value and the vectors of RFC 3720 come out")
  func vectors() {
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum([]) == 0)
  }

  @Test("Every length around the borders of the loops equals the bitwise definition")
  func lengths() {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let lengths = Array(0...70) + [12_287, 12_288, 12_289, 12_305, 24_575, 24_576, 36_881, 40_000]
    for length in lengths {
      #expect(checksum(Array(bytes[..<length])) == reference(bytes[..<length]), "\(length)")
    }
  }

  @Test("Taking the bytes in portions, also unaligned ones, gives the checksum of the whole")
  func portions() {
    let bytes = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 &* 167 >> 3) }
    let whole = reference(bytes)
    for cut in [1, 7, 16, 4_097, 12_288, 12_301, 29_999] {
      bytes.withUnsafeBytes { raw in
        var checksum = CRC32C()
        checksum.update(UnsafeRawBufferPointer(rebasing: raw[..<cut]))
        checksum.update(UnsafeRawBufferPointer(rebasing: raw[cut...]))
        #expect(checksum.value == whole, "cut at \(cut)")
      }
    }
  }

  @Test("Any single flipped bit changes the checksum")
  func flips() {
    var bytes = (0..<100).map { UInt8($0) }
    let right = checksum(bytes)
    for bit in 0..<800 {
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(checksum(bytes) != right)
      bytes[bit / 8] ^= 1 << (bit % 8)
    }
  }
}
