import DurableFiles
import Foundation
import Testing

@Suite struct DurableTreeTests {
  private let disk = Disk()
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "tree-\(UUID().uuidString)"
    try disk.createFolder(folder + "/a/b.state")
    try disk.createFolder(folder + "/outside")
    try disk.publish([1, 2, 3], to: folder + "/a/one")
    try disk.publish([4], to: folder + "/a/b.state/two")
    try disk.publish([5, 6], to: folder + "/outside/kept")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/a/link", withDestinationPath: folder + "/outside")
  }

  @Test("Folders are listed without files and without links")
  func folders() throws {
    #expect(try disk.folders(in: folder + "/a") == ["b.state"])
    #expect(try disk.folders(withSuffix: ".state", below: folder) == [folder + "/a/b.state"])
    #expect(try disk.folders(withSuffix: ".state", below: folder + "/none").isEmpty)
  }

  @Test("The bytes of a tree are those of its files, whatever links lead to")
  func bytes() throws {
    let before = try disk.bytes(under: folder + "/a")
    try disk.publish([UInt8](repeating: 0, count: 1000), to: folder + "/outside/kept")
    #expect(try disk.bytes(under: folder + "/a") == before)
    try disk.removeTree(folder + "/a/link")
    #expect(try disk.bytes(under: folder + "/a") == 4)
    #expect(try disk.bytes(under: folder + "/a/one") == 3)
    #expect(try disk.bytes(under: folder + "/none") == 0)
  }

  @Test("Removing a tree leaves alone what its links lead to")
  func remove() throws {
    try disk.removeTree(folder + "/a")
    #expect(try !disk.exists(folder + "/a"))
    #expect(try disk.read(folder + "/outside/kept") == [5, 6])
    try disk.removeTree(folder + "/a")
  }
}
