// Tests whether a network treats left and right alike.

extension Network {
  /// Whether K(Fx, Fx') = K(x, x') for images mirrored left to right by F, and likewise for Theta.
  /// This is true if the windows of every layer are mirror symmetric.
  ///
  /// For example, a `same` convolution with a stride of two has more zeros on one side of an image
  /// of even width, so the result is false. Each layer is tested alone: the result may be false
  /// even though a later layer compensates for an earlier one.
  public var isMirrorSymmetric: Bool {
    graph.nodes.allSatisfy { node in
      switch node.map {
      case .input, .affine, .activation, .normalize, .sum, .product, .dropout, .attention,
        .rootAttention, .embedding, .tied, .flatten:
        true
      case .convolution(let convolution), .windows(let convolution):
        convolution.horizontal.isMirrorSymmetric
      case .mix(.pool(let pool)): AxisMatrix(pool.horizontal, pool).isMirrorSymmetric
      case .mix(.axes(_, let across)): across.isMirrorSymmetric
      case .mix(.matrix(let rows)):
        PositionMix.isMirrorSymmetric(
          rows, widths: (node.shape?.width ?? 1, node.shape?.width ?? 1))
      case .recurrent(let recurrent):
        recurrent.order == .rows || graph.nodes[node.inputs[0]].shape?.width == 1
      }
    }
  }
}

extension TapAxis {
  /// Whether reading the windows from the other end gives the same windows.
  fileprivate var isMirrorSymmetric: Bool {
    (0..<output).allSatisfy { o in
      (0..<size).allSatisfy { tap in
        place(output - 1 - o, tap: size - 1 - tap) == place(o, tap: tap).map { input - 1 - $0 }
      }
    }
  }
}

extension PositionMix {
  /// Whether a matrix does not change, up to rounding, if left and right are exchanged in rows of
  /// `widths.after` results and of `widths.before` places.
  fileprivate static func isMirrorSymmetric(
    _ rows: [[Term]], widths: (before: Int, after: Int)
  ) -> Bool {
    func mirrored(_ place: Int, _ width: Int) -> Int {
      place / width * width + width - 1 - place % width
    }
    func sorted(_ row: [Term]) -> [Term] { row.sorted { $0.place < $1.place } }
    return rows.indices.allSatisfy { index in
      let row = sorted(rows[index])
      let other = sorted(
        rows[mirrored(index, widths.after)].map {
          Term(place: mirrored($0.place, widths.before), factor: $0.factor)
        })
      return row.count == other.count
        && zip(row, other).allSatisfy {
          $0.place == $1.place && abs($0.factor - $1.factor) <= 1e-14 * abs($0.factor)
        }
    }
  }
}

extension AxisMatrix {
  fileprivate var isMirrorSymmetric: Bool {
    PositionMix.isMirrorSymmetric(rows, widths: (input, rows.count))
  }
}
