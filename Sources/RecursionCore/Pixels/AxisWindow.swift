/// The padding of an image: the values beyond its edge.
package enum Padding: String, Sendable, CaseIterable {
  /// Zeros, as many as give ceil(n / stride) outputs.
  case same
  /// No padding: windows stay inside the image.
  case valid
  /// The opposite side of the image.
  case circular
}

/// The windows of a convolution or a pool along one axis, with XLA's conventions: window `o` covers
/// the inputs o stride - low + t dilation with t = 0 ..< size.
package struct AxisWindow: Sendable, Equatable {
  /// Inputs per window.
  let size: Int
  /// Distance from one window to the next.
  let stride: Int
  /// Distance from one input of a window to the next.
  let dilation: Int
  let padding: Padding
  /// Inputs along the axis.
  let input: Int
  /// Windows along the axis; not positive if none fits.
  let output: Int
  /// Number of inputs before the image that the first window covers.
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

  /// The input under place `tap` of window `o`; nil if this place is a zero outside the image.
  @inline(__always)
  func place(_ o: Int, tap: Int) -> Int? {
    let place = o * stride + tap * dilation - low
    if place >= 0 && place < input { return place }
    guard padding == .circular else { return nil }
    let wrapped = place % input
    return wrapped < 0 ? wrapped + input : wrapped
  }

  /// The places of a window that are inside the image for at least one window.
  var usedTaps: [Int] {
    (0..<size).filter { tap in (0..<output).contains { place($0, tap: tap) != nil } }
  }

  /// Whether every window is a pixel and its two neighbors, with zeros outside the image.
  var isAround: Bool { size == 3 && stride == 1 && padding == .same }

  /// Whether every window is a pixel and the two pixels after it, and windows begin at every second
  /// pixel, with zeros after the end of the image.
  var isHalving: Bool {
    size == 3 && stride == 2 && padding == .same && low == 0 && input == 2 * output
  }

  /// The inputs under window `o`. An input that a circular window covers twice is listed twice.
  func places(_ o: Int) -> [Int] { (0..<size).compactMap { place(o, tap: $0) } }
}
