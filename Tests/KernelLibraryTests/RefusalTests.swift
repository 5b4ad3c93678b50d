import Foundation
import KernelLibrary
import NTKDistLibrary
import Testing

/// What the library refuses, and how calls end early.
@Suite("refusals of the kernel library")
struct RefusalTests {
  static let size = Int64(MemoryLayout<ntkdist_options>.size)

  private func failure(_ call: () throws -> Void) -> LibraryFailure? {
    do {
      try call()
      return nil
    } catch {
      return error as? LibraryFailure
    }
  }

  @Test(
    "a network that cannot be is refused with a sentence",
    arguments: [
      ("{preset: nothing}", [8, 8, 3], 64, 78, "nothing"),
      ("[dense, dense, relu", [1, 1, 8], 64, 78, "network"),
      ("", [1, 1, 8], 64, 78, "text is empty"),
      ("{preset: fcn, depth: [1, 2]}", [1, 1, 8], 64, 78, "names 2 networks"),
      ("[relu]", [1, 1, 8], 64, 78, "layer 1"),
      ("[{convolution: {filter: [3, 3]}}, flatten]", [1, 8, 0], 64, 64, "images of 1 x 8"),
      ("[dense]", [1 << 40, 1 << 40, 3], 64, 64, "are not supported"),
      ("[dense]", [1, 1, -3], 64, 64, "are not supported"),
      ("[dense]", [1, 1, 8], 16, 64, "precision is 16"),
      ("[flatten, {aggregate: {adjacency: /nowhere.npy}}]", [2, 2, 1], 64, 66, "/nowhere.npy"),
    ])
  func networks(
    _ text: String, _ shape: [Int], _ precision: Int32, _ status: Int32, _ words: String
  ) throws {
    let failure = failure { _ = try TestNetwork(text, shape: shape, precision: precision) }
    #expect(failure?.status == status)
    #expect(failure?.sentence.contains(words) == true, "\(failure?.sentence ?? "")")
    #expect(failure?.sentence.contains("\n") == false)
  }

  @Test("numbers that are not finite are refused with their place", arguments: [0, 1, 2])
  func notFinite(_ which: Int) throws {
    let network = try TestNetwork("[dense]", shape: [1, 1, 8])
    var x = network.images(5)
    x[21] = [Double.nan, .infinity, -.infinity][which]
    let inFirst = failure { _ = try network.kernels(x) }
    #expect(inFirst?.status == 65)
    #expect(inFirst?.sentence == "x1 holds \(x[21]) in image 2; correct that image")
    let inSecond = failure { _ = try network.kernels(network.images(3), x) }
    #expect(inSecond?.sentence.hasPrefix("x2 holds") == true)
  }

  @Test("numbers beyond the arithmetic are refused")
  func range() throws {
    let network = try TestNetwork("[dense, relu, dense]", shape: [1, 1, 8], precision: 32)
    let x = network.images(5).map { $0 * 1e30 }
    #expect(failure { _ = try network.kernels(x) }?.status == 65)
  }

  @Test("arguments that make no sense are refused")
  func arguments() throws {
    let network = try TestNetwork("[dense]", shape: [1, 1, 4])
    let x = network.images(3)
    var results = ntkdist_results()
    results.size = Int64(MemoryLayout<ntkdist_results>.size)
    func status(
      _ pointer: OpaquePointer?, _ x1: [Double]?, _ n1: Int64, _ n2: Int64 = 0
    ) -> Int32? {
      failure { try succeed { kernel(pointer, x1, n1, nil, n2, nil, &results, $0) } }?.status
    }
    #expect(status(nil, x, 3) == 64)
    #expect(status(network.pointer, nil, 3) == 64)
    #expect(status(network.pointer, x, 0) == 65)
    #expect(status(network.pointer, x, -1) == 65)
    #expect(status(network.pointer, x, .max) == 65)
    #expect(status(network.pointer, x, 3, 2) == 64)
    #expect(status(network.pointer, x, 3, 3) == nil)
    #expect(failure { _ = try network.kernels(x, threads: -1) }?.status == 64)
    #expect(failure { _ = try network.kernels(x) { $0.size = 8 } }?.status == 64)
    #expect(kernel(network.pointer, nil, 3, nil, 0, nil, &results, nil) == 64)
    #expect(createNetwork("[dense]", 1, 1, 4, 64, nil, nil) == 64)
  }

  @Test("a field that this library does not know must be 0")
  func newerStructure() throws {
    let network = try TestNetwork("[dense]", shape: [1, 1, 4])
    let x = network.images(3)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
    defer { raw.deallocate() }
    raw.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
    raw.storeBytes(of: Self.size + 16, as: Int64.self)
    let options = UnsafePointer(raw.assumingMemoryBound(to: ntkdist_options.self))
    #expect(kernel(network.pointer, x, 3, nil, 0, options, nil, nil) == 0)
    raw.storeBytes(of: 1, toByteOffset: Int(Self.size) + 8, as: UInt8.self)
    #expect(kernel(network.pointer, x, 3, nil, 0, options, nil, nil) == 64)
  }

  @Test("what the header of an older caller lacks is 0")
  func olderStructure() throws {
    var given = ntkdist_options()
    given.threads = 3
    given.progress = Self.callback
    given.context = UnsafeMutableRawPointer(bitPattern: 8)
    // As if `progress` and `context` had come later.
    given.size = 16
    let read = try structure("options", &given, empty: ntkdist_options(), first: 16)
    #expect(read.threads == 3 && read.progress == nil && read.context == nil)
    for size in [-1, 0, 8, 4097] as [Int64] {
      given.size = size
      let sentence = failure(of: given, first: 16)
      #expect(sentence?.hasPrefix("options.size is \(size)") == true)
    }
    given.size = Self.size
    #expect(failure(of: given, first: 16) == nil)
  }

  private func failure(of options: ntkdist_options, first: Int) -> String? {
    var options = options
    do {
      _ = try structure("options", &options, empty: ntkdist_options(), first: first)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("a reserved field must be 0")
  func reservedField() throws {
    let network = try TestNetwork("[dense]", shape: [1, 1, 4])
    let failure = failure { _ = try network.kernels(network.images(3)) { $0.reserved = 1 } }
    #expect(
      failure
        == LibraryFailure(status: 64, sentence: "options.reserved is 1; it must be 0"))
  }

  /// What the callback of a call sees.
  final class Calls: @unchecked Sendable {
    var fractions: [Double] = []
    var threads: Set<UInt> = []
    let limit: Int
    init(cancelsAt limit: Int) { self.limit = limit }
  }

  static let callback: @convention(c) (Double, UnsafeMutableRawPointer?) -> Int32 = {
    fraction, context in
    guard let context else { return 1 }
    let calls = Unmanaged<Calls>.fromOpaque(context).takeUnretainedValue()
    calls.fractions.append(fraction)
    calls.threads.insert(UInt(pthread_self()))
    return calls.fractions.count >= calls.limit ? 1 : 0
  }

  @Test("a kernel is canceled by its callback, on the calling thread", arguments: [Int32(1), 3])
  func cancellation(_ threads: Int32) throws {
    // Minutes of work.
    let network = try TestNetwork("{preset: cnn-gap, depth: 20}", shape: [16, 16, 3])
    let calls = Calls(cancelsAt: 3)
    let failure = failure {
      _ = try network.kernels(network.images(2000), threads: threads) {
        $0.progress = Self.callback
        $0.context = Unmanaged.passUnretained(calls).toOpaque()
      }
    }
    #expect(failure == LibraryFailure(status: 75, sentence: "the kernel was canceled"))
    #expect(calls.fractions.count == 3)
    #expect(calls.fractions == calls.fractions.sorted())
    #expect(calls.fractions.allSatisfy { (0...1).contains($0) })
    #expect(calls.threads == [UInt(pthread_self())])
  }

  @Test("descriptions are JSON")
  func descriptions() throws {
    let network = try TestNetwork(
      #"[dense, {elementwise: {formula: "tanh(x)"}}, {repeat: {count: 2, layers: [dense, relu]}}]"#,
      shape: [1, 1, 4])
    var json: UnsafeMutablePointer<CChar>?
    try succeed { describeNetwork(network.pointer, &json, $0) }
    let text = try #require(json.map { String(cString: $0) })
    freeText(json)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect((object["layers"] as? [Any])?.count == 3)
    #expect((object["certificates"] as? [Any])?.count == 1)
    #expect((object["text"] as? String)?.hasPrefix("network:\n  - dense\n") == true)
    // The text reads back.
    _ = try TestNetwork(try #require(object["text"] as? String), shape: [1, 1, 4])
  }

  @Test("mean-field theory is JSON, and refuses what it does not know")
  func meanFieldTheory() throws {
    var json: UnsafeMutablePointer<CChar>?
    try succeed { meanField("{leaky_relu: {negative_slope: 0.1}}", 1.5, 0.1, &json, $0) }
    let text = try #require(json.map { String(cString: $0) })
    freeText(json)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["weight_variance"] as? Double == 1.5)
    #expect(object["phase"] as? String == "ordered")
    #expect(meanField("nothing", 1, 0, &json, nil) == 78)
    #expect(meanField("relu", 0, 0, &json, nil) == 64)
    #expect(meanField("relu", 1, .nan, &json, nil) == 64)
  }
}
