import RecursionCore
import Testing

/// Networks that would not end, or not fit, are refused before they are expanded.
@Suite struct NetworkBoundsTests {
  func reason(_ layers: [LayerDescription], _ shape: [Int]) -> String {
    do {
      _ = try Network(layers, imageShape: shape)
      return "accepted"
    } catch {
      return error.description
    }
  }

  func repeated(_ count: Double, _ layers: [LayerDescription]) -> LayerDescription {
    LayerDescription("repeat", [.init("count", .number(count)), .init("layers", .layers(layers))])
  }

  let relu = LayerDescription("relu")

  @Test("more layers than can be compiled are refused while they are counted")
  func layers() {
    let pair = [dense(1, 0), relu]
    #expect(reason([repeated(1e9, pair)], [4]).contains("more than 250000 layers"))
    let nested = repeated(1e4, [repeated(1e4, [repeated(1e4, [])])])
    #expect(reason([nested], [4]).contains("more than 250000 layers"))
    let convolution = PlainRecursionTests.convolution([3, 3])
    let deep = reason([repeated(1e5, [convolution, relu])], [32, 32, 3])
    #expect(deep.contains("more than can be compiled; use fewer layers"), "\(deep)")
    #expect(reason([repeated(49_000, pair)], [4]) == "accepted")
  }

  @Test("layers nested too deeply are refused")
  func nesting() {
    var layers = [dense(1, 0)]
    for _ in 0..<5000 { layers = [repeated(1, layers)] }
    #expect(reason(layers, [4]).contains("nested more than 64 deep"))
  }

  @Test("windows that are too large are refused")
  func windows() {
    func pool(_ size: Double, _ padding: String) -> LayerDescription {
      LayerDescription(
        "average_pool",
        [.init("window", .numbers([size, size])), .init("padding", .word(padding))])
    }
    let readout = [LayerDescription("flatten"), dense(1, 0)]
    let large = reason([pool(2000, "same")] + readout, [32, 32, 3])
    #expect(large.contains("its window of 2000 x 2000 is larger than 1023 pixels"), "\(large)")
    let around = reason([pool(1000, "circular")] + readout, [32, 32, 3])
    #expect(around.contains("goes around the 32 x 32 pixels"), "\(around)")
  }

  @Test("windows and strides far larger than the image cost what the image costs")
  func largeWindows() throws {
    func layers(_ size: Double) -> [LayerDescription] {
      [
        PlainRecursionTests.convolution([size, size]), relu,
        PlainRecursionTests.convolution([3, 3], stride: [size, size]), relu,
        PlainRecursionTests.convolution([size, 1], stride: [size, size]), relu,
        LayerDescription("global_average_pool"), dense(1, 0),
      ]
    }
    let program = Program([try Network(layers(1023), imageShape: [9, 9, 2])])
    #expect(program.engineBytes(.f64) < 1 << 20, "\(program.engineBytes(.f64))")
    var random = SplitMix64(seed: 5)
    let images = (0..<2).map { _ in
      PlainImage(
        height: 9, width: 9, channels: 2,
        values: (0..<162).map { _ in random.uniform(-1, 1) })
    }
    let fast = try FastKernels([layers(41)], images, nil, .f64)
    let plain = PlainRecursion.kernels(layers(41), images[1], images[0])
    #expect(relativeError(fast.nngp[0][1][0], plain.nngp) < 1e-10)
    #expect(relativeError(fast.ntk[0][1][0], plain.ntk) < 1e-10)
  }
}
