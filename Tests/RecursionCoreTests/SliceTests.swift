import RecursionCore
import Testing

/// Parts of images: `slice` and `mask`.
@Suite("slices and masks")
struct SliceTests {
  private let convolution = PlainRecursionTests.convolution([3, 3])

  private func part(
    _ layer: String, _ rows: [Double?]?, _ columns: [Double?]? = nil
  ) -> LayerDescription {
    LayerDescription(
      layer,
      [("rows", rows), ("columns", columns)].compactMap { name, numbers in
        numbers.map { .init(name, .optionalNumbers($0)) }
      })
  }

  /// The error of a network for images of 3 x 4 pixels; nil if there is none.
  private func reason(_ layers: [LayerDescription]) -> String? {
    do {
      _ = try Network(layers, imageShape: [3, 4, 1])
      return nil
    } catch {
      return error.description
    }
  }

  private var readout: [LayerDescription] {
    [LayerDescription("global_average_pool"), dense(1, 0)]
  }

  /// The lower triangles of both kernels of two images with this height.
  private func kernels(
    _ layers: [LayerDescription], _ values: [[Double]], height: Int
  ) throws -> [Double] {
    let images = values.map { PlainImage(height: height, width: 4, channels: 1, values: $0) }
    let found = try FastKernels([layers], images, nil, .f64)
    return [found.nngp[0], found.ntk[0]].flatMap { [$0[0][0], $0[1][0], $0[1][1]] }
  }

  private static let slices: [(slice: [Double?], rows: [Int])] = [
    ([nil, nil], [0, 1, 2]), ([0, 3, 1], [0, 1, 2]), ([1, nil], [1, 2]), ([-2, 100], [1, 2]),
    ([nil, nil, -1], [2, 1, 0]), ([nil, nil, 2], [0, 2]), ([-1, 0, -1], [2, 1]),
    ([5, nil, -2], [2, 0]), ([1, -100, -1], [1, 0]), ([0, 1], [0]),
  ]

  @Test("slices mean what they mean in Python", arguments: slices.indices)
  func places(_ index: Int) throws {
    let (slice, rows) = Self.slices[index]
    let numbers: [Double] = [3, -1, 4, 1, -5, 9, 2, -6, 5, 3, 5, -8]
    let values = [numbers, Array(numbers.reversed())]
    let chosen = values.map { image in rows.flatMap { Array(image[$0 * 4..<$0 * 4 + 4]) } }
    // Behind this convolution, the order of the rows counts.
    let layers = [
      PlainRecursionTests.convolution([2, 1], w: 1, b: 0.1), LayerDescription("relu"),
      LayerDescription("global_average_pool"), dense(1, 0),
    ]
    let found = try kernels([part("slice", slice)] + layers, values, height: 3)
    let expected = try kernels(layers, chosen, height: rows.count)
    for (value, reference) in zip(found, expected) {
      #expect(relativeError(value, reference) < 1e-13, "\(slice)")
    }
  }

  @Test("a mask multiplies the pixels")
  func mask() throws {
    // The last row is the mask of the two rows above it.
    let values: [[Double]] = [
      [1, 2, -3, 4, 0.5, 1, 2, -1, 1, 0, 2, 1], [2, -1, 1, 0, 3, 1, 1, 2, 0.5, 1, -1, 0],
    ]
    let cut = values.map { image in (0..<8).map { image[$0] * image[8 + $0 % 4] } }
    let layers = [LayerDescription("global_average_pool"), dense(1, 0)]
    let found = try kernels(
      [part("slice", [0, 2]), part("mask", [2, 3])] + layers, values, height: 3)
    let expected = try kernels(layers, cut, height: 2)
    for (value, reference) in zip(found, expected) {
      #expect(relativeError(value, reference) < 1e-13)
    }
  }

  @Test("slices and masks that are empty, or no slices, are refused")
  func refused() {
    for layer in ["slice", "mask"] {
      let slices: [[Double?]] = [
        [0, 2, 0], [nil, nil, 0], [nil, nil, nil], [0.5, 2], [1], [0, 1, 2, 3], [0, 1e10],
      ]
      for wrong in slices {
        let sentence = reason([convolution, part(layer, wrong)] + readout)
        #expect(sentence?.contains("'rows' must be [first, end]") == true, "\(wrong)")
      }
      let sentence = reason([convolution, part(layer, [2, 1])] + readout)
      #expect(sentence?.contains("use a larger part") == true)
      let late = reason([convolution] + readout + [part(layer, [0, 1]), dense(1, 0)])
      #expect(late?.contains("it acts on pixels, and a readout stands before it") == true)
    }
  }

  @Test("two branches with the same mask are independent, and may be multiplied")
  func branches() {
    let branch = [dense(1, 0), part("mask", [0, 1])]
    let product = LayerDescription(
      "product", [.init("branches", .branches([branch, branch]))])
    #expect(reason([product] + readout) == nil)
    let unweighted = LayerDescription(
      "product", [.init("branches", .branches([[], [part("mask", [0, 1])]]))])
    #expect(reason([unweighted] + readout)?.contains("not independent") == true)
  }
}
