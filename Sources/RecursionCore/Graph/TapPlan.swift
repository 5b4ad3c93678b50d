/// For each place of a convolution's windows, the inputs that it meets.
struct TapPlan {
  /// Consecutive windows for which the place of one tap lies at consecutive inputs.
  struct Run {
    /// The first window, and the input under its place; -1 if that is outside the image.
    let first: Int
    let source: Int
    let count: Int
  }

  /// For each tap, the input under its place in every window, or -1.
  let sources: [[Int]]
  /// For each tap, the same inputs as runs.
  let runs: [[Run]]

  /// Creates the plan of a convolution.
  ///
  /// - Parameter width: number of positions in a row of the input.
  init(_ convolution: Convolution, width: Int) {
    var sources: [[Int]] = []
    let (down, across) = (convolution.vertical, convolution.horizontal)
    // Taps that never meet the input contribute nothing.
    func used(_ axis: TapAxis) -> [Int] {
      (0..<axis.size).filter { tap in
        (0..<axis.output).contains { axis.place($0, tap: tap) != nil }
      }
    }
    let usedAcross = used(across)
    for tapDown in used(down) {
      let rows = (0..<down.output).map { down.place($0, tap: tapDown) }
      for tapAcross in usedAcross {
        let columns = (0..<across.output).map { across.place($0, tap: tapAcross) }
        sources.append(
          rows.flatMap { row in
            columns.map { column in
              if let row, let column { row * width + column } else { -1 }
            }
          })
      }
    }
    self.sources = sources
    runs = sources.map(Self.runs)
  }

  private static func runs(_ sources: [Int]) -> [Run] {
    var runs: [Run] = []
    var first = 0
    while first < sources.count {
      var end = first + 1
      while end < sources.count,
        sources[first] < 0 ? sources[end] < 0 : sources[end] == sources[first] + end - first
      { end += 1 }
      runs.append(Run(first: first, source: sources[first], count: end - first))
      first = end
    }
    return runs
  }
}

// Maps by random weights.
extension GraphEngine {
  /// g <- w g and h <- w h + alpha g: weights on each position alone.
  func scale(_ input: PairArray<L>, _ affine: AffineMap, to result: PairArray<L>) {
    let weight = L.Scalar(affine.weightVariance)
    let trained = L.Scalar(affine.trainedWeight)
    let (gaps, tangentGaps) = (input.gaps, input.gaps + input.plane)
    let (gapsAfter, tangentGapsAfter) = (result.gaps, result.gaps + result.plane)
    for place in 0..<input.plane {
      let gap = gaps[place]
      tangentGapsAfter[place] = weight * tangentGaps[place] + trained * gap
      gapsAfter[place] = weight * gap
    }
  }

  /// g <- w A(g) and h <- w A(h) + alpha A(g). If a place lies outside one of the two images, the
  /// gap is the value of the other image there.
  func convolve(
    _ source: Int, _ node: Int, _ convolution: Convolution, _ plan: TapPlan, _ x: GraphBlock<L>,
    _ y: GraphBlock<L>
  ) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let before = program.nodes[source].positionCount
    let after = program.nodes[node].positionCount
    let (variances, tangents) = (x.variances(source), x.tangents(source))
    for image in 0..<x.count {
      for window in 0..<after {
        let row = image * after + window
        let (gaps, tangentGaps) = (result.gap(row), result.tangentGap(row))
        gaps.update(repeating: 0, count: result.columns)
        tangentGaps.update(repeating: 0, count: result.columns)
        for tap in plan.sources.indices {
          let place = plan.sources[tap][window]
          if place < 0 {
            let (others, tangents) = (y.variances(source), y.tangents(source))
            add(plan.runs[tap], others, before, after, y.count, outside: 0, to: gaps)
            add(plan.runs[tap], tangents, before, after, y.count, outside: 0, to: tangentGaps)
          } else {
            let place = image * before + place
            add(
              plan.runs[tap], UnsafePointer(input.gap(place)), before, after, y.count,
              outside: variances[place], to: gaps)
            add(
              plan.runs[tap], UnsafePointer(input.tangentGap(place)), before, after, y.count,
              outside: tangents[place], to: tangentGaps)
          }
        }
        weigh(gaps, tangentGaps, result.columns, convolution)
      }
    }
  }

  /// Adds the inputs that one tap meets to the windows of some images.
  @inline(__always)
  private func add(
    _ runs: [TapPlan.Run], _ source: UnsafePointer<L.Scalar>, _ before: Int, _ after: Int,
    _ images: Int, outside: L.Scalar, to target: UnsafeMutablePointer<L.Scalar>
  ) {
    for image in 0..<images {
      let target = target + image * after
      let source = source + image * before
      for run in runs {
        let target = target + run.first
        if run.source < 0 {
          for index in 0..<run.count { target[index] += outside }
        } else {
          let source = source + run.source
          for index in 0..<run.count { target[index] += source[index] }
        }
      }
    }
  }

  private func weigh(
    _ gaps: UnsafeMutablePointer<L.Scalar>, _ tangentGaps: UnsafeMutablePointer<L.Scalar>,
    _ count: Int, _ convolution: Convolution
  ) {
    let taps = Double(convolution.tapCount)
    let weight = L.Scalar(convolution.affine.weightVariance / taps)
    let trained = L.Scalar(convolution.affine.trainedWeight / taps)
    for index in 0..<count {
      let gap = gaps[index]
      tangentGaps[index] = weight * tangentGaps[index] + trained * gap
      gaps[index] = weight * gap
    }
  }

  /// Sets K and Theta of different positions to 0, because they share no weights.
  func isolate(_ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>, _ result: PairArray<L>) {
    let positions = program.nodes[node].positionCount
    let (variances, tangents) = (x.variances(node), x.tangents(node))
    let (others, otherTangents) = (y.variances(node), y.tangents(node))
    for row in 0..<x.count * positions {
      for column in 0..<y.count * positions where row % positions != column % positions {
        result.gap(row)[column] = variances[row] + others[column]
        result.tangentGap(row)[column] = tangents[row] + otherTangents[column]
      }
    }
  }
}
