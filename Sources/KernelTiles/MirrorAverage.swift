import RecursionCore

/// Kernels averaged over each image x and its mirror image F x:
///
///     K'(x,x') = (K(x,x') + K(x,Fx') + K(Fx,x') + K(Fx,Fx')) / 4,
///
/// and likewise for Theta. If the networks treat left and right alike, the last two terms equal the
/// first two and are not computed. Kernel regression with ridge r/2 on K' then equals kernel
/// regression with ridge r on the images together with their mirror images.
///
/// The gap of K' is the mean of the four gaps minus (G(x,Fx) + G(x',Fx')) / 4, and
/// K'(x,x) = (K(x,x) + K(Fx,Fx)) / 2 - G(x,Fx) / 4, where G(x,Fx) is the gap of an image and its
/// mirror image.
final class MirrorAverage {
  private let isSymmetric: Bool
  /// Computes images with their own mirror images, `block` at a time.
  private let pairs: TileKernels
  private let block: Int
  private let networkCount: Int
  /// G(x, Fx) of recent edges: [network][image].
  private var known: [(images: Images, gaps: [[ImageState]])] = []
  private static let knownLimit = 64
  /// The results of one term.
  private var memory = UnsafeMutableBufferPointer<Double>.allocate(capacity: 0)

  private static let planes:
    [WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> & Sendable] = [
      \.nngp, \.ntk, \.nngpDeficit, \.ntkDeficit,
    ]

  init(_ program: Program, precision: Precision) {
    isSymmetric = program.isMirrorSymmetric
    pairs = TileKernels(program, precision: precision)
    block = Self.block(program)
    networkCount = program.networkCount
  }

  deinit { memory.deallocate() }

  /// The smallest number of images that leaves no part of a register unused.
  private static func block(_ program: Program) -> Int { max(program.leastTile, 1) }

  /// Memory in bytes, besides the results of one term and the engine that computes them.
  static func scratchBytes(_ program: Program, _ precision: Precision, tile: Int) -> Int {
    TileKernels.scratchBytes(program, precision, tile: block(program))
      + program.networkCount * 4 * 8 * block(program) * block(program)
  }

  /// See `TileKernels.compute`.
  func compute(
    _ tile: TileKernels.Tile, _ outputs: [KernelOutput], with kernels: TileKernels,
    _ poll: () -> Bool
  ) throws(RangeError) -> Bool {
    let (rows, columns) = (mirrored(tile.rows), mirrored(tile.columns))
    var terms = [(tile.rows, columns)]
    if !isSymmetric { terms += [(rows, tile.columns), (rows, columns)] }
    guard try kernels.computeAlone(tile, outputs: outputs, poll: poll) else { return false }
    for (rows, columns) in terms {
      let term = TileKernels.Tile(rows: rows, columns: columns, isDiagonal: false)
      guard try add(term, to: outputs, with: kernels, poll) else { return false }
    }
    guard try finish(tile, outputs, terms: terms.count + 1, poll) else { return false }
    if tile.isDiagonal {
      guard let diagonals = try diagonals(of: tile.rows, with: kernels, poll) else { return false }
      kernels.symmetrize(outputs, diagonals)
    }
    return true
  }

  /// See `TileKernels.diagonals`.
  ///
  /// - Returns: the diagonals; nil if `poll` stops the computation.
  func diagonals(
    of images: Images, with kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) -> [[ImageState]]? {
    guard var states = try kernels.diagonalsAlone(of: images, poll),
      let mirrors = isSymmetric
        ? states : try kernels.diagonalsAlone(of: mirrored(images), poll),
      let gaps = try ownGaps(of: images, poll)
    else { return nil }
    for network in states.indices {
      for image in states[network].indices {
        let (state, mirror) = (states[network][image], mirrors[network][image])
        let gap = gaps[network][image]
        states[network][image] = ImageState(
          variance: (state.variance + mirror.variance) / 2 - gap.variance / 4,
          tangent: (state.tangent + mirror.tangent) / 2 - gap.tangent / 4)
      }
    }
    return states
  }

  /// Removes the data that are kept of images.
  func forgetImages() {
    known.removeAll()
    pairs.forgetImages()
  }

  private func mirrored(_ images: Images) -> Images {
    guard let mirrors = images.mirrored else {
      preconditionFailure("kernels are averaged over mirror images, and there are none")
    }
    return mirrors
  }

  /// Computes a term into separate memory and adds it to `outputs`.
  private func add(
    _ tile: TileKernels.Tile, to outputs: [KernelOutput], with kernels: TileKernels,
    _ poll: () -> Bool
  ) throws(RangeError) -> Bool {
    let (height, width) = (tile.rows.count, tile.columns.count)
    let count = outputs.reduce(0) { sum, output in
      sum + Self.planes.count { output[keyPath: $0] != nil }
    }
    if memory.count < count * height * width {
      memory.deallocate()
      memory = .allocate(capacity: count * height * width)
      memory.initialize(repeating: 0)
    }
    guard var place = memory.baseAddress else { return true }
    var term = outputs
    for network in outputs.indices {
      term[network].stride = width
      for plane in Self.planes where outputs[network][keyPath: plane] != nil {
        term[network][keyPath: plane] = place
        place += height * width
      }
    }
    guard try kernels.computeAlone(tile, outputs: term, poll: poll) else { return false }
    for (output, term) in zip(outputs, term) {
      for plane in Self.planes {
        guard let sum = output[keyPath: plane], let addend = term[keyPath: plane] else { continue }
        for row in 0..<height {
          for column in 0..<width {
            sum[row * output.stride + column] += addend[row * width + column]
          }
        }
      }
    }
    return true
  }

  /// Turns the sums of terms into means, and their gaps into the gaps of the means.
  private func finish(
    _ tile: TileKernels.Tile, _ outputs: [KernelOutput], terms: Int, _ poll: () -> Bool
  ) throws(RangeError) -> Bool {
    let scale = 1 / Double(terms)
    let needsGaps = outputs.contains { $0.nngpDeficit != nil || $0.ntkDeficit != nil }
    var (rows, columns): ([[ImageState]], [[ImageState]]) = ([], [])
    if needsGaps {
      guard let first = try ownGaps(of: tile.rows, poll),
        let second = try ownGaps(of: tile.columns, poll)
      else { return false }
      (rows, columns) = (first, second)
    }
    for (network, output) in outputs.enumerated() {
      for plane in Self.planes {
        guard let values = output[keyPath: plane] else { continue }
        let own: KeyPath<ImageState, Double>? =
          plane == \.nngpDeficit ? \.variance : plane == \.ntkDeficit ? \.tangent : nil
        for row in 0..<tile.rows.count {
          let line = values + row * output.stride
          for column in 0..<tile.columns.count {
            line[column] *= scale
            guard let own else { continue }
            let parts = rows[network][row][keyPath: own] + columns[network][column][keyPath: own]
            line[column] = max(line[column] - parts / 4, 0)
          }
        }
      }
    }
    return true
  }

  /// G(x, Fx) of every image, for K and Theta: [network][image]; nil if `poll` stops the
  /// computation.
  private func ownGaps(
    of images: Images, _ poll: () -> Bool
  ) throws(RangeError) -> [[ImageState]]? {
    if let found = known.first(where: { $0.images.isSame(as: images) }) { return found.gaps }
    let empty = [ImageState](repeating: ImageState(variance: 0), count: images.count)
    var gaps = [[ImageState]](repeating: empty, count: networkCount)
    let size = block * block
    let planes = UnsafeMutablePointer<Double>.allocate(capacity: networkCount * 2 * size)
    defer { planes.deallocate() }
    planes.initialize(repeating: 0, count: networkCount * 2 * size)
    let outputs = (0..<networkCount).map { network in
      var output = KernelOutput(nngp: nil, ntk: nil, stride: block)
      output.nngpDeficit = planes + network * 2 * size
      output.ntkDeficit = planes + (network * 2 + 1) * size
      return output
    }
    for first in stride(from: 0, to: images.count, by: block) {
      let part = images.slice(first..<min(first + block, images.count))
      let isComplete = try pairs.computeAlone(
        .init(rows: part, columns: mirrored(part), isDiagonal: false), outputs: outputs, poll: poll)
      guard isComplete else { return nil }
      for image in 0..<part.count {
        for network in 0..<networkCount {
          let place = image * block + image
          gaps[network][first + image] = ImageState(
            variance: planes[network * 2 * size + place],
            tangent: planes[(network * 2 + 1) * size + place])
        }
      }
    }
    if known.count >= Self.knownLimit { known.removeFirst() }
    known.append((images, gaps))
    return gaps
  }
}
