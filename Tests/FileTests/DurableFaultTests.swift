import DurableFiles
import Foundation
import Testing

/// Breaks `publish` and `append` at every system call.
@Suite struct DurableFaultTests {
  let folder: ScratchFolder
  let old = [UInt8](repeating: 1, count: 1000)
  let new = [UInt8](repeating: 2, count: 3000)

  init() throws { folder = try ScratchFolder() }

  private var path: String { folder.path + "/tile" }

  /// How many calls a publication makes.
  private func length(_ largestTransfer: Int = .max) throws -> Int {
    let faults = FaultInjection(.stop, atStep: .max, largestTransfer: largestTransfer)
    try Disk(faults: faults).publish(new, to: path)
    return faults.steps
  }

  @Test("A call that fails leaves the old content or the new, and no temporary file")
  func failures() throws {
    let steps = try length()
    // create, write, flush, rename, open and flush the folder
    #expect(steps == 6)
    for step in 0..<steps {
      try Disk().publish(old, to: path)
      let disk = Disk(faults: FaultInjection(.fail(ENOSPC), atStep: step))
      let error = #expect(throws: FileError.self) { try disk.publish(new, to: path) }
      #expect(error?.code == ENOSPC)
      #expect(try Disk().read(path) == (step < 4 ? old : new), "step \(step)")
      #expect(folder.names() == ["tile"], "step \(step)")
      if step < 4 { #expect(error?.path == path) }
    }
  }

  @Test("A process that dies at any call, or a power cut, leaves the old content or the new, whole")
  func deaths() throws {
    for fault in [FaultInjection.Fault.stop, .powerCut] {
      for step in 0..<(try length(700)) {
        try Disk().publish(old, to: path)
        let faults = FaultInjection(fault, atStep: step, largestTransfer: 700)
        #expect(throws: FileError.self) { try Disk(faults: faults).publish(new, to: path) }
        #expect(faults.hasStopped)
        let found = try Disk().read(path)
        #expect(found == old || found == new, "step \(step)")
        try Disk().removeStaleTemporaries(in: folder.path, olderThan: 0)
        #expect(folder.names() == ["tile"])
      }
    }
  }

  @Test("A power cut before the flush tears an appended line, and the next append ends it")
  func powerCutBites() throws {
    // Appending flushes at the third-last call; a cut right before it loses half of the line.
    let log = folder.path + "/log"
    let faults = FaultInjection(.powerCut, atStep: 3)
    #expect(throws: FileError.self) { try Disk(faults: faults).append(line: "12345", to: log) }
    #expect(folder.contents("log") == "123")
    try Disk().append(line: "next", to: log)
    #expect(folder.contents("log") == "123\nnext\n")
  }

  @Test("A power cut takes names back that were not flushed, and no others")
  func powerCutTakesNames() throws {
    // Four calls without a flush of the folder, six with one.
    let disk = Disk(faults: FaultInjection(.powerCut, atStep: 14))
    try disk.publish(old, to: folder.path + "/a")
    try disk.publish(old, to: folder.path + "/b", flushesFolder: false)
    try disk.publish(old, to: folder.path + "/c", flushesFolder: false)
    #expect(throws: FileError.self) { try disk.publish(old, to: folder.path + "/d") }
    #expect(folder.names() == ["a", "b"])
  }

  @Test("Interrupted calls are repeated and short transfers continued")
  func interruptions() throws {
    for step in 0..<(try length(7)) {
      try Disk().publish(old, to: path)
      let faults = FaultInjection(.interrupt, atStep: step, largestTransfer: 7)
      try Disk(faults: faults).publish(new, to: path)
      #expect(try Disk().read(path) == new)
    }
    let reader = Disk(faults: FaultInjection(.interrupt, atStep: 5, largestTransfer: 11))
    #expect(try reader.read(path) == new)
  }

  @Test("A real full device is told as no space left")
  func fullDevice() throws {
    let error = #expect(throws: FileError.self) { try Disk().append(line: "x", to: "/dev/full") }
    #expect(error?.description.hasPrefix("no space left on the disk that holds /dev/full") == true)
  }
}
