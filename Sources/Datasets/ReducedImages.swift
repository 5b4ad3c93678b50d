/// The images of another source, with every block of edge x edge pixels averaged to one pixel.
struct ReducedImages: ImageSource {
  let whole: any ImageSource
  let edge: Int
  let shape: ImageShape

  /// Errors: reduction, if the images have no pixels or their edges are not multiples of the block's edge.
  init(_ whole: any ImageSource, edge: Int) throws(DatasetError) {
    guard case .spatial(let height, let width, let channels) = whole.shape,
      edge > 0, height % edge == 0, width % edge == 0
    else { throw .reduction(shape: whole.shape, edge: edge) }
    self.whole = whole
    self.edge = edge
    shape = .spatial(height: height / edge, width: width / edge, channels: channels)
  }

  var name: String { whole.name }
  var classes: Int { whole.classes }

  func count(of split: Split) -> Int { whole.count(of: split) }

  func labels(of split: Split, first count: Int) throws(DatasetError) -> [Int] {
    try whole.labels(of: split, first: count)
  }

  func read(
    _ indices: [Int], of split: Split, into rows: UnsafeMutableBufferPointer<Double>
  ) throws(DatasetError) {
    // Read some hundred images at a time, because all original images together may not fit into memory.
    let batch = 256
    var buffer = [Double](repeating: 0, count: min(batch, indices.count) * whole.shape.dimension)
    for first in stride(from: 0, to: indices.count, by: batch) {
      let part = Array(indices[first..<min(first + batch, indices.count)])
      try buffer.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) in
        let images = UnsafeMutableBufferPointer(
          rebasing: buffer[..<(part.count * whole.shape.dimension)])
        try whole.read(part, of: split, into: images)
        for index in part.indices {
          reduce(images, index, to: rows, first + index)
          // The sum of a block may exceed the range of float64.
          let start = (first + index) * shape.dimension
          let image = rows[start..<start + shape.dimension]
          if let value = image.first(where: { !$0.isFinite }) {
            throw .notFinite(
              path: "the \(split.rawValue) images of \(name), reduced \(edge)-fold,",
              image: part[index], value: value)
          }
        }
      }
    }
  }

  private func reduce(
    _ images: UnsafeMutableBufferPointer<Double>, _ image: Int,
    to rows: UnsafeMutableBufferPointer<Double>, _ target: Int
  ) {
    guard case .spatial(let height, let width, let channels) = shape else { return }
    let (source, result) = (image * whole.shape.dimension, target * shape.dimension)
    let scale = 1 / Double(edge * edge)
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<channels {
          var sum = 0.0
          for row in 0..<edge {
            for column in 0..<edge {
              let pixel = (y * edge + row) * width * edge + x * edge + column
              sum += images[source + pixel * channels + channel]
            }
          }
          rows[result + (y * width + x) * channels + channel] = sum * scale
        }
      }
    }
  }
}
