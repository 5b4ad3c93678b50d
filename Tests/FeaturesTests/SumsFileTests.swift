import DurableFiles
import Failures
import Features
import Foundation
import Testing

@Suite struct SumsFileTests {
  let folder: FeatureFolder
  private var path: String { folder.path + "/sums" }

  init() throws { folder = try FeatureFolder() }

  private func write(_ tiles: [(SumsFile.Key, [Double])]) throws {
    let all = tiles.flatMap(\.1)
    try all.withUnsafeBufferPointer { buffer in
      var first = 0
      let parts = tiles.map { key, values in
        defer { first += values.count }
        return (
          key: key, values: UnsafeBufferPointer(rebasing: buffer[first..<first + values.count])
        )
      }
      try SumsFile.write(parts, to: path)
    }
  }

  private func read(_ place: SumsFile.Place) throws -> [Double] {
    var values = [Double](repeating: 0, count: place.count)
    try values.withUnsafeMutableBufferPointer { try SumsFile.read(place, in: path, into: $0) }
    return values
  }

  private let tiles: [(SumsFile.Key, [Double])] = [
    (.init(grid: 0, it: 0, jt: 0), [1, -2.5, 0x1p-1000]), (.init(grid: 0, it: 3, jt: 1), []),
    (.init(grid: 2, it: 1, jt: 0), [.pi]),
  ]

  @Test("every tile's sums come back, bit for bit, also by way of plain numbers")
  func roundTrip() throws {
    try write(tiles)
    let places = try SumsFile.places(in: path)
    #expect(places.map(\.key) == tiles.map(\.0))
    for (place, tile) in zip(places, tiles) {
      let again = try #require(SumsFile.Place(words: place.words[...]))
      #expect(again == place)
      #expect(try read(again) == tile.1)
    }
  }

  @Test("a file without tiles has none")
  func empty() throws {
    try write([])
    #expect(try SumsFile.places(in: path).isEmpty)
  }

  @Test("any byte that changes, and any end that is cut off, is noticed")
  func damage() throws {
    try write(tiles)
    let good = try Data(contentsOf: URL(filePath: path))
    func isNoticed() -> Bool {
      do {
        for place in try SumsFile.places(in: path) { _ = try read(place) }
        return false
      } catch {
        return "\(error)".contains(path)
      }
    }
    #expect(!isNoticed())
    for position in good.indices {
      var bad = good
      bad[position] ^= 0x10
      try bad.write(to: URL(filePath: path))
      #expect(isNoticed(), "byte \(position)")
    }
    for length in stride(from: 0, to: good.count, by: 5) {
      try good.prefix(length).write(to: URL(filePath: path))
      #expect(isNoticed(), "\(length) bytes")
    }
  }
}
