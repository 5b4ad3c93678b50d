import Glibc
import NumPyFiles

extension SyntheticImages {
  /// Writes the images in the layout of CIFAR-10's binary version: the training images in order
  /// over five batches, and the test batch.
  ///
  /// Precondition: an existing folder, five training images and a test image at least. Errors:
  /// missingFolder, tooFewImages, file.
  public func writeBinaryVersion(to folder: String) throws(DatasetError) {
    let train = count(of: .train)
    let test = count(of: .test)
    let batches = CIFAR10Folder.trainFiles.count
    guard train >= batches else {
      throw .tooFewImages(split: .train, asked: batches, source: name, held: train)
    }
    guard test > 0 else { throw .tooFewImages(split: .test, asked: 1, source: name, held: test) }
    for (b, file) in CIFAR10Folder.trainFiles.enumerated() {
      let range = train * b / batches..<train * (b + 1) / batches
      try write(range, of: .train, to: folder + "/" + file)
    }
    try write(0..<test, of: .test, to: folder + "/" + CIFAR10Folder.testFile)
  }

  private func write(
    _ range: Range<Int>, of split: Split, to path: String
  ) throws(DatasetError) {
    let partial = path + ".partial"
    guard let file = fopen(partial, "wb") else {
      throw .file(.cannotCreate(path: partial, code: errno))
    }
    var planes = [UInt8](repeating: 0, count: CIFAR10Folder.record - 1)
    for index in range {
      render(index, of: split, into: &planes)
      let record = [UInt8(label(index, of: split))] + planes
      if fwrite(record, 1, record.count, file) != record.count {
        let code = errno
        fclose(file)
        throw .file(.inputOutput(path: partial, function: "write", code: code))
      }
    }
    // Buffered bytes may fail as late as here.
    let flushed = fflush(file) == 0 && fsync(fileno(file)) == 0
    let code = errno
    guard fclose(file) == 0, flushed else {
      throw .file(.inputOutput(path: partial, function: "write", code: code))
    }
    guard rename(partial, path) == 0 else {
      throw .file(.inputOutput(path: partial, function: "rename", code: errno))
    }
  }
}
