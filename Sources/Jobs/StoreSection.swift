import JobDocuments

/// A job's `store`: how tiles are laid out on disk.
public struct StoreSection: Sendable, Equatable {
  /// Whether finished tiles are packed into shards, if that saves files.
  public var shards = true

  /// The defaults.
  public init() {}
}

extension StoreSection {
  static let keys = SectionKeys<StoreSection>([
    Key(
      "shards", \.shards, .flag,
      "Packs finished tiles into files of 16 x 16 tiles, unless they are larger than 256 KiB and few. "
        + "With `false` each tile is a file.")
  ])

  static let form = keys.form(from: StoreSection())
}
