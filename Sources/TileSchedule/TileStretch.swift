import Tiling

extension TileGrid {
  /// A rank's tiles where nothing is handed out while they are computed: neighbors, which need few
  /// different rows and columns, with about as many entries as those of the other ranks. The
  /// diagonal, which comes with what is known of each row, counts nothing.
  ///
  /// - Returns: indices for `tile(at:)`; the ranks' stretches follow each other without gaps.
  public func stretch(_ rank: Int, of ranks: Int) -> Range<Int> {
    func cost(_ index: Int) -> Int {
      let tile = tile(at: index)
      return entries(of: tile) - (isDiagonal(tile) ? rows(of: tile).count : 0)
    }
    let total = (0..<count).reduce(0) { $0 + cost($1) }
    func border(_ rank: Int) -> Int {
      if rank == 0 { return 0 }
      if rank == ranks { return count }
      var before = 0
      // A tile belongs to the rank that its middle falls to.
      for index in 0..<count {
        if (2 * before + cost(index)) * ranks >= 2 * total * rank { return index }
        before += cost(index)
      }
      return count
    }
    return border(rank)..<border(rank + 1)
  }
}
