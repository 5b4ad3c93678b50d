/// A kind of layer: its parameters, and the kernel maps that it adds to a network.
///
/// Each kind has its own file; `LayerCatalog` lists them by name.
protocol Layer: Sendable {
  /// Adds the layer after the builder's signal. Throws if the layer does not fit there.
  func append(to network: inout NetworkBuilder) throws(NetworkError)
}
