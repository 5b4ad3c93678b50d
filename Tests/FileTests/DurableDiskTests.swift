import DurableFiles
import Foundation
import Testing

@Suite struct DurableDiskTests {
  let folder: ScratchFolder
  let disk = Disk()

  init() throws { folder = try ScratchFolder() }

  /// What temporary names call this machine.
  private static var machine: String { "\(host)-\(ProcessSpace.digest)" }

  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test("Publishing replaces the content and leaves nothing else")
  func publish() throws {
    let path = folder.path + "/a.json"
    try disk.publish("old", to: path)
    try disk.publish([UInt8]("new and longer".utf8), to: path)
    #expect(folder.contents("a.json") == "new and longer")
    #expect(folder.names() == ["a.json"])
    #expect(try disk.read(path) == Array("new and longer".utf8))
  }

  @Test("Publishing into a folder that is missing names the file and says so")
  func missingFolder() throws {
    let path = folder.path + "/none/a"
    let error = #expect(throws: FileError.self) { try disk.publish("x", to: path) }
    #expect(error == FileError(operation: .create, path: path, code: ENOENT))
    #expect(
      error?.description
        == "cannot create \(path): the folder \(folder.path)/none does not exist; create it, or check "
        + "whether it was removed or renamed during the run")
  }

  @Test("Reading a folder as a file, or a file larger than the limit, is refused")
  func badReads() throws {
    #expect(throws: FileError(operation: .read, path: folder.path, code: EISDIR)) {
      try disk.read(folder.path)
    }
    let path = folder.path + "/a"
    try folder.put("12345", at: "a")
    #expect(throws: FileError(operation: .read, path: path, code: EFBIG)) {
      try disk.read(path, limit: 4)
    }
    #expect(try disk.read(path, limit: 5).count == 5)
  }

  @Test("Reading into buffers fills both, and tells the true size of a file that does not fit")
  func readIntoBuffers() throws {
    try folder.put("abcdefg", at: "a")
    var body = [UInt8](repeating: 0, count: 5)
    var tail = [UInt8](repeating: 0, count: 2)
    func read() throws -> Int {
      try body.withUnsafeMutableBytes { body in
        try tail.withUnsafeMutableBytes {
          try disk.read(folder.path + "/a", into: body, trailer: $0)
        }
      }
    }
    #expect(try read() == 7)
    #expect(body == Array("abcde".utf8) && tail == Array("fg".utf8))
    try folder.put("abcdefgh", at: "a")
    #expect(try read() == 8)
  }

  @Test("Appending adds whole lines and ends a line that a crash left torn")
  func append() throws {
    let path = folder.path + "/events.jsonl"
    try disk.append(line: "one", to: path)
    try disk.append(line: "two", to: path)
    #expect(folder.contents("events.jsonl") == "one\ntwo\n")
    try folder.put("one\ntw", at: "events.jsonl")
    try disk.append(line: "three", to: path)
    #expect(folder.contents("events.jsonl") == "one\ntw\nthree\n")
    #expect(throws: FileError(operation: .append, path: path, code: EINVAL)) {
      try disk.append(line: "a\nb", to: path)
    }
  }

  @Test("Creating a folder creates those above, twice is once, a file in the way is named")
  func createFolder() throws {
    let path = folder.path + "/a/b/c/"
    try disk.createFolder(path)
    try disk.createFolder(path)
    #expect(try disk.isFolder(path))
    try folder.put("", at: "file")
    #expect(throws: FileError(operation: .makeFolder, path: folder.path + "/file", code: ENOTDIR)) {
      try disk.createFolder(folder.path + "/file")
    }
    let below = folder.path + "/file/x"
    let error = #expect(throws: FileError.self) { try disk.createFolder(below) }
    #expect(error?.description.contains("a part of the path is a file") == true)
  }

  @Test("Only a folder with nothing in it is removed; a file keeps the time that it is given")
  func removeEmptyFolder() throws {
    let path = folder.path + "/a"
    try disk.removeEmptyFolder(path)
    try disk.createFolder(path)
    let file = try PendingFile(for: path + "/x", disk: disk)
    try file.setTimeWritten(1_000_000_007)
    try file.publish()
    #expect(try disk.timeWritten(path + "/x") == 1_000_000_007)
    #expect(try disk.secondsSinceWritten(path + "/x") > 1e9)
    #expect(try (0..<3600).contains(disk.secondsSinceChanged(path + "/x")))
    #expect(try disk.timeWritten(path + "/y") == nil)
    try disk.removeEmptyFolder(path)
    try disk.removeEmptyFolder(path + "/x")
    #expect(folder.names("a") == ["x"])
    try disk.remove(path + "/x", flushesFolder: false)
    try disk.removeEmptyFolder(path)
    #expect(folder.names() == [])
  }

  @Test("A parent that takes no folders ends the creation with an error")
  func folderInProc() throws {
    for path in ["/proc/x", "/proc/x/y/z"] {
      let error = #expect(throws: FileError.self) { try disk.createFolder(path) }
      #expect(error?.operation == .makeFolder && error?.kind == .cannotCreate)
    }
    try folder.put("", at: "target")
    try #require(symlink("nowhere/at/all", folder.path + "/dangling") == 0)
    #expect(throws: FileError.self) { try disk.createFolder(folder.path + "/dangling/x") }
    #expect(throws: FileError.self) { try disk.createFolder("") }
  }

  @Test("Pipes, sockets and devices are refused as files at once", .timeLimit(.minutes(1)))
  func specialFiles() throws {
    let pipe = folder.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", "/dev/null"] {
      #expect(throws: FileError(operation: .read, path: path, code: ENXIO)) { try disk.read(path) }
      #expect(throws: FileError(operation: .read, path: path, code: ENXIO)) {
        _ = try ReadableFile(path)
      }
    }
  }

  @Test("Listing gives every name once; a folder that is missing is an error")
  func list() throws {
    for name in ["b", "a", ".hidden"] { try folder.put("", at: name) }
    #expect(try disk.list(folder.path).sorted() == [".hidden", "a", "b"])
    let error = #expect(throws: FileError.self) { try disk.list(folder.path + "/none") }
    #expect(error?.isMissing == true)
  }

  @Test("Free bytes agree with what df says, within a gigabyte")
  func freeBytes() throws {
    let known = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
    // Root may use blocks that f_bavail leaves out, so this is an upper bound.
    let upper = try #require(known[.systemFreeSize] as? NSNumber).intValue
    let free = try disk.freeBytes(at: folder.path)
    #expect(free > 0 && free <= upper + (1 << 30))
    #expect(throws: FileError.self) { try disk.freeBytes(at: folder.path + "/none") }
  }

  @Test("The temporary files of a zombie are stale, those of a running process are not")
  func zombie() throws {
    var process = pid_t()
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
    defer { free(arguments[0]) }
    var pipes: [Int32] = [0, 0]
    #expect(pipe(&pipes) == 0)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[0], 0)
    posix_spawn_file_actions_addclose(&actions, pipes[1])
    #expect(posix_spawn(&process, "/bin/cat", &actions, nil, arguments, nil) == 0)
    posix_spawn_file_actions_destroy(&actions)
    let name = ".x.partial-\(Self.machine)-\(process)-1"
    try folder.put("", at: name)
    #expect(try disk.removeStaleTemporaries(in: folder.path).isEmpty)
    kill(process, SIGKILL)
    // Ends when the process has, and leaves it a zombie.
    var information = siginfo_t()
    #expect(waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) == 0)
    #expect(try disk.removeStaleTemporaries(in: folder.path) == [name])
    waitpid(process, nil, 0)
    for pipe in pipes { close(pipe) }
  }

  @Test("Stale temporary files are those of dead processes here, and old ones of others")
  func staleTemporaries() throws {
    let machine = Self.machine
    let dead = Process()
    dead.executableURL = URL(filePath: "/bin/true")
    try dead.run()
    dead.waitUntilExit()
    let stale = ".7.partial-\(machine)-\(dead.processIdentifier)-1"
    let mine = ".7.partial-\(machine)-\(getpid())-999999"
    let foreign = ".7.partial-other-node-12-345-1"
    // A container on this host, whose process numbers mean nothing here.
    let contained = ".7.partial-\(Self.host)-00000000-\(dead.processIdentifier)-1"
    for name in [stale, mine, foreign, contained, "7", ".partial", ".x.partial-a"] {
      try folder.put("", at: name)
    }
    #expect(try disk.removeStaleTemporaries(in: folder.path) == [stale])
    // An hour is enough for it, but not for one of another host.
    let old = Date(timeIntervalSinceNow: -4000)
    for name in [contained, foreign] {
      try FileManager.default.setAttributes(
        [.modificationDate: old], ofItemAtPath: folder.path + "/" + name)
    }
    #expect(try disk.removeStaleTemporaries(in: folder.path) == [contained])
    let others = try disk.removeStaleTemporaries(in: folder.path, olderThan: 0)
    #expect(others == [foreign, mine].sorted())
    #expect(folder.names() == [".partial", ".x.partial-a", "7"])
    #expect(try disk.removeStaleTemporaries(in: folder.path + "/none") == [])
  }

  @Test("Stale temporary files are found in all folders below, and not behind links")
  func staleTemporariesBelow() throws {
    let outside = try ScratchFolder()
    let name = ".7.partial-other-node-12-345-1"
    try outside.put("", at: name)
    for place in ["", "/a", "/a/b", "/.c"] {
      try disk.createFolder(folder.path + place)
      for file in [name, "7"] { try disk.publish("", to: folder.path + place + "/" + file) }
    }
    let link = folder.path + "/a/link"
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: outside.path)
    #expect(try disk.removeStaleTemporaries(in: folder.path, recursively: true).isEmpty)
    let removed = try disk.removeStaleTemporaries(
      in: folder.path, recursively: true, olderThan: 0)
    #expect(removed == Array(repeating: name, count: 4))
    #expect(outside.names() == [name])
    for place in ["/a/b", "/.c"] { #expect(try disk.list(folder.path + place) == ["7"]) }
  }

  @Test("Many tasks publishing one path at once leave one whole content")
  func concurrent() async throws {
    let path = folder.path + "/a"
    try await withThrowingTaskGroup { group in
      for k in 0..<64 { group.addTask { try Disk().publish("content \(k)", to: path) } }
      try await group.waitForAll()
    }
    #expect(folder.contents("a")?.hasPrefix("content ") == true)
    #expect(folder.names() == ["a"])
  }

  @Test(
    "Every cause is told with what to do",
    arguments: [
      (ENOSPC, "no space left on the disk that holds /d/f; free some or choose another"),
      (EDQUOT, "the disk quota is used up where /d/f lies; free some"),
      (EROFS, "cannot write /d/f: its file system is mounted read-only; choose"),
      (EACCES, "cannot write /d/f: permission denied; check"),
      (EMFILE, "cannot write /d/f: too many open files; raise"),
      (EXDEV, "cannot write /d/f: Invalid cross-device link (errno 18)"),
    ])
  func descriptions(code: Int32, text: String) {
    let error = FileError(operation: .write, path: "/d/f", code: code)
    #expect(error.description.hasPrefix(text))
  }
}
