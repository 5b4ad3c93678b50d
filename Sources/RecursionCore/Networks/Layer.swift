/// A kind of layer: its parameters, and the maps of kernels that it adds to a network.
///
/// One file each; `LayerCatalog` lists them by name.
protocol Layer: Sendable {
  /// Adds the layer behind the builder's signal. What does not fit there is an error.
  func append(to network: inout NetworkBuilder) throws(NetworkError)
}
