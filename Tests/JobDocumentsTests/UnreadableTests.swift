import Foundation
import JobDocuments
import Testing

/// Files that are no job, or no text that can be read within bounds.
@Suite struct UnreadableTests {
  private func read(_ text: String) throws(JobError) -> YAMLDocument {
    try YAMLDocument(yaml: text, name: "job.yaml")
  }

  @Test("a text without a job in it is refused", arguments: ["", "# nothing\n", "a: \u{1}"])
  func noDocument(text: String) {
    let error = #expect(throws: JobError.self) { try read(text) }
    #expect(error?.mistake == .syntax)
  }

  @Test("a file that unfolds without end is refused")
  func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(alias)]\n"
    }
    let error = #expect(throws: JobError.self) { try read(text) }
    #expect(error?.mistake == .syntax)
    let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
    #expect(throws: JobError.self) { try read(deep) }
  }

  @Test("aliases as keys of mappings take no time", .timeLimit(.minutes(1)))
  func aliasKeys() {
    var text = "a0: &a0 {x: 1}\n"
    for level in 1...40 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) {? [\(alias), \(alias)] : 1, ? {\(alias) : \(alias)} : 2}\n"
    }
    let error = #expect(throws: JobError.self) { try read(text) }
    #expect(error?.description.contains("a key must be a word") == true)
    // Anchors deep within each other are counted before they are written out.
    var deep = "a0: &a0 [x]\n"
    for level in 1...200 { deep += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(throws: JobError.self) { try read(deep) }
    let nested = String(repeating: "[", count: 100_000)
    let depth = #expect(throws: JobError.self) { try read(nested) }
    #expect(depth?.mistake == .syntax)
  }

  @Test("files that are missing, folders or no text are told apart")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "jobs-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = #expect(throws: JobError.self) {
      try YAMLDocument(path: folder.path + "/none.yaml")
    }
    #expect(missing?.mistake == .missingFile)
    #expect(
      missing?.description.hasSuffix("none.yaml: the file does not exist; check the path") == true)
    let isFolder = #expect(throws: JobError.self) { try YAMLDocument(path: folder.path) }
    #expect(isFolder?.mistake == .unreadable)
    let pipe = folder.appending(path: "pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    let noFile = #expect(throws: JobError.self) { try YAMLDocument(path: pipe) }
    #expect(noFile?.mistake == .unreadable)
    #expect(noFile?.sentence == "this is not a regular file; write the job to a file")
    let binary = folder.appending(path: "a.npy")
    try Data([0x93, 0x4E, 0x55, 0xFF]).write(to: binary)
    let noText = #expect(throws: JobError.self) { try YAMLDocument(path: binary.path) }
    #expect(noText?.mistake == .unreadable)
    try Data(repeating: 0x20, count: (16 << 20) + 1).write(to: binary)
    let large = #expect(throws: JobError.self) { try YAMLDocument(path: binary.path) }
    #expect(large?.mistake == .unreadable)
    let good = folder.appending(path: "job.yaml")
    try "{output: é}".write(to: good, atomically: true, encoding: .utf8)
    let root = Item(path: "", node: try YAMLDocument(path: good.path).root)
    #expect(root["output"]?.scalar == .word("é"))
  }
}
