/// A sparse matrix over positions, row by row.
struct MixPlan {
  /// The index of each row's first term, and the end of the last row.
  let starts: [Int]
  let places: [Int]
  let factors: [Double]

  init(_ mix: PositionMix) {
    let rows = mix.rows
    var starts = [0]
    for row in rows { starts.append(starts[starts.count - 1] + row.count) }
    self.starts = starts
    places = rows.joined().map(\.place)
    factors = rows.joined().map(\.factor)
  }
}

// Maps of positions, M <- A1 M A2^T. With rho the sums of the rows of A, S = A diag(K) and
// e = 1/2 diag(A g11 A^T), where g11 are the gaps of an image with itself,
//
//     g <- A1 g A2^T - e1 - e2 + (rho1 - rho2) (S1 - S2),    K[p,p] = rho S - e,
//
// and the same formulas hold for h and Theta.
extension GraphEngine {
  /// M <- A M A^T with the same sparse A for all images.
  func mix(_ source: Int, _ node: Int, _ plan: MixPlan, _ x: GraphBlock<L>, _ y: GraphBlock<L>) {
    let result = array(node, x, y)
    let after = program.nodes[node].positionCount
    for row in 0..<x.count * after {
      for plane in 0..<2 {
        let ends = Ends(node, plane, row: row, x, y)
        let target = result.gap(row) + plane * result.plane
        sum(source, node, plan, row: row, plane, x, y) { column, sum in
          target[column] = ends.gap(sum, column: column, rounding: .ulpOfOne)
        }
      }
    }
  }

  /// A row of A1 g A2^T (or of h for plane 1), in double precision and always in the same order, so
  /// that equal images give exactly 0 when their halves are subtracted.
  func sum(
    _ source: Int, _ node: Int, _ plan: MixPlan, row: Int, _ plane: Int, _ x: GraphBlock<L>,
    _ y: GraphBlock<L>, _ body: (_ column: Int, _ sum: Double) -> Void
  ) {
    let input = array(source, x, y)
    let before = program.nodes[source].positionCount
    let after = program.nodes[node].positionCount
    let (image, p) = row.quotientAndRemainder(dividingBy: after)
    let sums = mixRow.base
    sums.update(repeating: 0, count: input.columns)
    for term in plan.starts[p]..<plan.starts[p + 1] {
      let source = input.gap(image * before + plan.places[term]) + plane * input.plane
      let factor = plan.factors[term]
      for column in 0..<input.columns { sums[column] += factor * Double(source[column]) }
    }
    for other in 0..<y.count {
      for q in 0..<after {
        var sum = 0.0
        for term in plan.starts[q]..<plan.starts[q + 1] {
          sum += plan.factors[term] * sums[other * before + plan.places[term]]
        }
        body(other * after + q, sum)
      }
    }
  }

  /// M <- omega G1 M G2^T, plus the terms of the output's and the values' weights in Theta.
  func attend(
    _ source: Int, _ node: Int, _ attention: SelfAttention, _ x: GraphBlock<L>, _ y: GraphBlock<L>
  ) {
    multiplyByWeights(source, node, x, y)
    let result = array(node, x, y)
    let positions = program.nodes[node].positionCount
    let weight = L.Scalar(attention.valueVariance)
    let rounding = Double(L.Scalar.ulpOfOne)
    for row in 0..<x.count * positions {
      let (gaps, tangentGaps) = (result.gap(row), result.tangentGap(row))
      let ends = (Ends(node, 0, row: row, x, y), Ends(node, 1, row: row, x, y))
      for column in 0..<y.count * positions {
        gaps[column] =
          weight * ends.0.gap(Double(gaps[column]), column: column, rounding: rounding)
        tangentGaps[column] =
          weight * ends.1.gap(Double(tangentGaps[column]), column: column, rounding: rounding)
          + 2 * gaps[column]
      }
    }
  }

  /// G1 g G2^T and G1 h G2^T.
  func multiplyByWeights(_ source: Int, _ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let positions = program.nodes[node].positionCount
    for image in 0..<x.count {
      for plane in 0..<2 {
        // G1 M for all columns at once, then the part of each image times its own G2^T.
        let source = input.gap(image * positions) + plane * input.plane
        let target = result.gap(image * positions) + plane * result.plane
        L.multiply(
          multiply, m: positions, n: input.columns, k: positions, x.matrix(node, image: image),
          lda: positions, UnsafePointer(source), ldb: input.columns, transposed: false,
          scratch.base, ldc: input.columns)
        for other in 0..<y.count {
          L.multiply(
            multiply, m: positions, n: positions, k: positions,
            UnsafePointer(scratch.base + other * positions), lda: input.columns,
            y.matrix(node, image: other), ldb: positions, transposed: true,
            target + other * positions, ldc: result.columns)
        }
      }
    }
  }

  /// The terms that a row of A1 g A2^T lacks to be gaps.
  private struct Ends {
    /// e (including its rounding error), S and rho of the row; then the arrays of these for all
    /// columns.
    let own: (half: Double, whole: Double, sum: Double)
    let halves: UnsafePointer<L.Scalar>
    let rests: UnsafePointer<L.Scalar>
    let wholes: UnsafePointer<L.Scalar>
    let sums: UnsafePointer<L.Scalar>

    init(_ node: Int, _ plane: Int, row: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>) {
      func values(_ block: GraphBlock<L>, _ value: MixValue) -> UnsafePointer<L.Scalar> {
        block.values(node, 2 + value.rawValue)
      }
      let (half, rest, whole): (MixValue, MixValue, MixValue) =
        plane == 0 ? (.gap, .gapRest, .variance) : (.tangentGap, .tangentGapRest, .tangent)
      own = (
        Double(values(x, half)[row]) + Double(values(x, rest)[row]),
        Double(values(x, whole)[row]), Double(values(x, .rowSum)[row])
      )
      (halves, rests) = (values(y, half), values(y, rest))
      (wholes, sums) = (values(y, whole), values(y, .rowSum))
    }

    /// The gap. It is 0 if only rounding errors are left, because an activation would take their
    /// root.
    @inline(__always)
    func gap(_ sum: Double, column: Int, rounding: Double) -> L.Scalar {
      let other = Double(halves[column]) + Double(rests[column])
      let product = (own.sum - Double(sums[column])) * (own.whole - Double(wholes[column]))
      let gap = sum - own.half - other + product
      let scale = abs(own.half) + abs(other) + abs(product)
      return gap > 8 * rounding * scale ? L.Scalar(gap) : 0
    }
  }

  /// A single position: the mean over a of M[a,a].
  func average(_ source: Int, _ node: Int, _ x: GraphBlock<L>, _ y: GraphBlock<L>) {
    let (input, result) = (array(source, x, y), array(node, x, y))
    let positions = program.nodes[source].positionCount
    for image in 0..<x.count {
      for other in 0..<y.count {
        var (gap, tangentGap) = (0.0, 0.0)
        for position in 0..<positions {
          let (row, column) = (image * positions + position, other * positions + position)
          gap += Double(input.gap(row)[column])
          tangentGap += Double(input.tangentGap(row)[column])
        }
        result.gap(image)[other] = L.Scalar(gap / Double(positions))
        result.tangentGap(image)[other] = L.Scalar(tangentGap / Double(positions))
      }
    }
  }
}
