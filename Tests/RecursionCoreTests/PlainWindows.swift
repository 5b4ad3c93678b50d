/// The pixels that each output pixel of a convolution or pool sees.
struct PlainWindows {
  let height: Int
  let width: Int
  /// For each output pixel its window in row-major order; nil is a pixel outside of the image.
  let pixels: [[Int?]]

  /// Windows of size `window` at distance `stride` over an image of `height` x `width`.
  init(height: Int, width: Int, window: [Int], stride: [Int], padding: String) {
    let rows = Self.axis(height, window[0], stride[0], padding)
    let columns = Self.axis(width, window[1], stride[1], padding)
    self.height = rows.count
    self.width = columns.count
    pixels = rows.flatMap { row in
      columns.map { column in
        row.flatMap { i in
          column.map { j in
            if let i, let j { return i * width + j }
            return nil
          }
        }
      }
    }
  }

  /// One axis: for each output index the input indices, nil outside.
  ///
  /// total = max((ceil(n/s) - 1) s + f - n, 0), low = floor(total / 2), as XLA pads for `same`;
  /// `circular` has the same size and low padding and takes indices modulo n. Source: XLA,
  /// `padtype_to_pads`; neural-tangents, `_same_pad_for_filter_shape`.
  private static func axis(_ n: Int, _ f: Int, _ s: Int, _ padding: String) -> [[Int?]] {
    if padding == "valid" {
      precondition(f <= n, "window \(f) does not fit in \(n)")
      return (0...(n - f) / s).map { o in (0..<f).map { o * s + $0 } }
    }
    precondition(padding == "same" || padding == "circular", padding)
    let outputs = (n + s - 1) / s
    let low = max((outputs - 1) * s + f - n, 0) / 2
    return (0..<outputs).map { o in
      (0..<f).map { tap in
        let i = o * s + tap - low
        if padding == "circular" { return ((i % n) + n) % n }
        return 0 <= i && i < n ? i : nil
      }
    }
  }

  /// A(M)[a,a'] = 1/|F| sum over f of M[a+f,a'+f], with `columns` pixels in a row of M.
  func convolve(_ m: [Double], columns: Int) -> [Double] {
    pairs { rowWindow, columnWindow in
      var sum = 0.0
      for (i, j) in zip(rowWindow, columnWindow) {
        if let i, let j { sum += m[i * columns + j] }
      }
      return sum / Double(rowWindow.count)
    }
  }

  /// Sum over f and f' of M[a+f,a'+f'] / (d(a) d(a')), d = `divisor` of the window.
  func pool(_ m: [Double], columns: Int, divisor: ([Int?]) -> Double) -> [Double] {
    pairs { rowWindow, columnWindow in
      var sum = 0.0
      for case let i? in rowWindow {
        for case let j? in columnWindow { sum += m[i * columns + j] }
      }
      return sum / (divisor(rowWindow) * divisor(columnWindow))
    }
  }

  private func pairs(_ value: ([Int?], [Int?]) -> Double) -> [Double] {
    pixels.flatMap { rowWindow in pixels.map { value(rowWindow, $0) } }
  }
}
