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

  /// The kernels of two images.
  private func kernels(_ layers: [LayerDescription], _ values: [[Double]]) throws -> [Double] {
    let images = values.map { PlainImage(height: 3, width: 4, channels: 1, values: $0) }
    let found = try FastKernels([layers], images, nil, .f64)
    return [found.nngp, found.ntk].flatMap { $0[0].joined() }
  }

  @Test(
    "slices mean what they mean in Python",
    arguments: [
      ([nil, nil, nil], nil), ([0, 3, 1], nil), ([1, nil], [1, 2]), ([-2, 100], [1, 2]),
      ([nil, nil, -1], [2, 1, 0]), ([nil, nil, 2], [0, 2]), ([-1, 0, -1], [2, 1]),
      ([5, nil, -2], [2, 0]), ([1, -100, -1], [1, 0]), ([0, 1], [0]),
    ] as [([Double?], [Int]?)])
  func places(_ slice: [Double?], _ rows: [Int]?) throws {
    guard slice.count != 3 || slice[2] != nil else {
      #expect(
        reason([convolution, part("slice", slice)] + readout)?.contains("step is not 0") == true)
      return
    }
    let values = (0..<2).map { image in (0..<12).map { Double(($0 * 7 + image * 5) % 11) - 4 } }
    let chosen = values.map { image in (rows ?? [0, 1, 2]).flatMap { image[$0 * 4..<$0 * 4 + 4] } }
    let found = try kernels(
      [part("slice", slice), LayerDescription("flatten"), dense(1, 0)], values)
    let expected = chosen.map { left in
      chosen.map { right in
        zip(left, right).map { $0 * $1 }.reduce(0, +) / Double(left.count)
      }
    }
    for (value, reference) in zip(found, expected.joined()) {
      #expect(relativeError(value, reference) < 1e-14, "\(slice)")
    }
  }

  @Test("slices and masks that are empty, or no slices, are refused")
  func refused() {
    for layer in ["slice", "mask"] {
      for wrong in [[0, 2, 0], [nil, nil, 0], [0.5, 2], [1], [0, 1, 2, 3], [0, 1 << 30]]
        as [[Double?]]
      {
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
