import NTKDistLibrary
import RecursionCore

/// The memory of the caller for the results. Threads write to different places in it at the same time.
struct KernelResults: @unchecked Sendable {
  /// A matrix of the results, and the corresponding matrix of a tile.
  struct Matrix: @unchecked Sendable {
    let base: UnsafeMutablePointer<Double>
    let plane: WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> & Sendable
  }

  /// The matrices, [n1, n2] each.
  let matrices: [Matrix]
  /// The diagonals of the NNGP kernel and of the NTK, for the rows and for the columns.
  let rows: Diagonal
  let columns: Diagonal
  /// The distance from one row of a matrix to the next.
  let stride: Int

  /// The kernels of images with themselves.
  struct Diagonal: @unchecked Sendable {
    let nngp: UnsafeMutablePointer<Double>?
    let ntk: UnsafeMutablePointer<Double>?

    var isWanted: Bool { nngp != nil || ntk != nil }

    /// Writes the kernels of the images in `range`.
    func write(_ states: [ImageState], _ range: Range<Int>) {
      for (image, state) in zip(range, states) {
        nngp?[image] = state.variance
        ntk?[image] = state.tangent
      }
    }
  }

  /// The results that a caller wants, for matrices with `count` columns.
  init(_ results: ntkdist_results, columns count: Int) {
    let planes:
      [(
        UnsafeMutablePointer<Double>?,
        WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> & Sendable
      )] = [
        (results.nngp, \.nngp), (results.ntk, \.ntk), (results.nngp_deficit, \.nngpDeficit),
        (results.ntk_deficit, \.ntkDeficit),
      ]
    matrices = planes.compactMap { base, plane in base.map { Matrix(base: $0, plane: plane) } }
    rows = Diagonal(nngp: results.nngp_diagonal1, ntk: results.ntk_diagonal1)
    columns = Diagonal(nngp: results.nngp_diagonal2, ntk: results.ntk_diagonal2)
    stride = count
  }

  /// The destination of a tile.
  func output(_ rows: Range<Int>, _ columns: Range<Int>) -> KernelOutput {
    var output = KernelOutput(nngp: nil, ntk: nil, stride: stride)
    for matrix in matrices {
      output[keyPath: matrix.plane] =
        matrix.base + rows.lowerBound * stride + columns.lowerBound
    }
    return output
  }

  /// Copies a tile to the place of its transpose.
  func mirror(_ rows: Range<Int>, _ columns: Range<Int>) {
    for matrix in matrices {
      for row in rows {
        for column in columns {
          matrix.base[column * stride + row] = matrix.base[row * stride + column]
        }
      }
    }
  }
}
