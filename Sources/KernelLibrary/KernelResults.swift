import NTKDistLibrary
import RecursionCore

/// Where a caller wants results: its memory, in which threads write different places at once.
struct KernelResults: @unchecked Sendable {
  /// A matrix of the results, and the same of a tile.
  struct Matrix: @unchecked Sendable {
    let base: UnsafeMutablePointer<Double>
    let plane: WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> & Sendable
  }

  /// [n1, n2] each.
  let matrices: [Matrix]
  /// The NNGP kernel's diagonal and that of the NTK, of the rows and of the columns.
  let rows: Diagonal
  let columns: Diagonal
  /// From one row of a matrix to the next.
  let stride: Int

  /// Kernels of images with themselves.
  struct Diagonal: @unchecked Sendable {
    let nngp: UnsafeMutablePointer<Double>?
    let ntk: UnsafeMutablePointer<Double>?

    var isWanted: Bool { nngp != nil || ntk != nil }

    /// Writes those of the images `range`.
    func write(_ states: [ImageState], _ range: Range<Int>) {
      for (image, state) in zip(range, states) {
        nngp?[image] = state.variance
        ntk?[image] = state.tangent
      }
    }
  }

  /// What a caller wants of `columns` columns.
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

  /// Where a tile goes.
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
