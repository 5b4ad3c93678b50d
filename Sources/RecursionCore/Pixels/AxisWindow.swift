/// What lies beyond the edge of an image.
package enum Padding: String, Sendable, CaseIterable {
  /// Zeros, as many as keep ceil(n / stride) outputs.
  case same
  /// Nothing: windows stay inside.
  case valid
  /// The other side of the image.
  case circular
}

/// The windows of a convolution or a pool along one axis, with XLA's conventions: window `o` covers
/// the inputs o stride - low + t dilation with t = 0 ..< size.
package struct AxisWindow: Sendable, Equatable {
  /// Inputs per window.
  let size: Int
  /// From one window to the next.
  let stride: Int
  /// From one input of a window to the next.
  let dilation: Int
  let padding: Padding
  /// Inputs along the axis.
  let input: Int
  /// Windows along the axis; not positive where none fits.
  let output: Int
  /// Inputs before the image that the first window covers.
  let low: Int

  init(size: Int, stride: Int, dilation: Int = 1, padding: Padding, input: Int) {
    self.size = size
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.input = input
    let extent = (size - 1) * dilation + 1
    switch padding {
    case .valid:
      output = input >= extent ? (input - extent) / stride + 1 : 0
      low = 0
    case .same, .circular:
      output = (input + stride - 1) / stride
      low = max((output - 1) * stride + extent - input, 0) / 2
    }
  }

  /// The input under place `tap` of window `o`; nil where that is a zero beside the image.
  @inline(__always)
  func place(_ o: Int, tap: Int) -> Int? {
    let place = o * stride + tap * dilation - low
    if place >= 0 && place < input { return place }
    guard padding == .circular else { return nil }
    let wrapped = place % input
    return wrapped < 0 ? wrapped + input : wrapped
  }

  /// The places of a window that meet the image in any of them.
  var usedTaps: [Int] {
    (0..<size).filter { tap in (0..<output).contains { place($0, tap: tap) != nil } }
  }

  /// Whether every window is a pixel and its two neighbors, zeros beside the image.
  var isAround: Bool { size == 3 && stride == 1 && padding == .same }

  /// Whether every window is a pixel and the two behind it, and begins at every second one; zeros
  /// behind the image.
  var isHalving: Bool {
    size == 3 && stride == 2 && padding == .same && low == 0 && input == 2 * output
  }

  /// The inputs under window `o`; one that a circular window meets twice is there twice.
  func places(_ o: Int) -> [Int] { (0..<size).compactMap { place(o, tap: $0) } }
}
