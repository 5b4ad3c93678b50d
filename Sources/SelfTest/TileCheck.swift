import KernelTiles
import MessagePassing
import RankProgram
import RecursionCore

/// Checks tiles of small networks on every rank against stored digits.
enum TileCheck {
  /// The largest relative error that rounding explains.
  private static func tolerance(_ precision: Precision) -> Double {
    precision == .f64 ? 1e-11 : 2e-5
  }

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    // The errors relative to the tolerance, for each network in each precision.
    let isBroken = site.isBroken("tiles")
    let errors = try site.ranks.agree { () throws -> [Double] in
      try StoredTile.all.flatMap { tile in
        try Precision.allCases.map {
          try largestError(tile, $0, isBroken: isBroken) / tolerance($0)
        }
      }
    }
    guard let figures = try site.world.gather(errors) else { return [] }
    let wrong = figures.indices.filter { figures[$0].contains { !($0 <= 1) } }
    guard let first = wrong.first else {
      return [Finding("tiles", "equal the stored digits of an FCN and a CNN on every rank")]
    }
    let place = figures[first].firstIndex { !($0 <= 1) } ?? 0
    let precisions = Precision.allCases
    let (tile, precision) = (
      StoredTile.all[place / precisions.count], precisions[place % precisions.count]
    )
    let error = figures[first][place] * tolerance(precision)
    return [
      Finding(
        "tiles",
        "\(site.names(wrong)): a tile (\(tile.name), \(precision.rawValue)) is off by \(short(error))",
        .bad,
        advice: "keep jobs off \(site.hosts[first]), or try another OPENBLAS_CORETYPE")
    ]
  }

  /// The largest error, relative to the stored number.
  private static func largestError(
    _ tile: StoredTile, _ precision: Precision, isBroken: Bool
  ) throws -> Double {
    let count = StoredTile.count
    let kernels = TileKernels(
      Program([try Network(tile.layers, imageShape: StoredTile.shape)]), precision: precision)
    var values = [Double](repeating: .nan, count: 2 * count * count)
    try StoredTile.images.withUnsafeBufferPointer { images in
      try values.withUnsafeMutableBufferPointer { values in
        guard let images = images.baseAddress, let values = values.baseAddress else { return }
        let all = Images(base: images, count: count, shape: StoredTile.shape)
        _ = try kernels.compute(
          .init(rows: all, columns: all, isDiagonal: true),
          outputs: [.init(nngp: values, ntk: values + count * count, stride: count)])
      }
    }
    var worst = 0.0
    var place = 0
    for i in 0..<count {
      for j in 0...i {
        for (offset, stored) in [(0, tile.nngp[place]), (count * count, tile.ntk[place])] {
          let expected = isBroken ? stored * (1 + 1e-9) : stored
          let error = abs(values[offset + i * count + j] - expected) / expected
          worst = error.isNaN ? .infinity : max(worst, error)
        }
        place += 1
      }
    }
    return worst
  }
}
