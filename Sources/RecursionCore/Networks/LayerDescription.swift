/// A layer as written in a job file: a name and parameters, not yet checked against the layers of
/// the core.
public struct LayerDescription: Sendable, Hashable {
  /// The layer's name in a job file, for example `dense`.
  public var name: String
  /// The parameters, in the order in which they were written.
  public var parameters: [Parameter]

  /// One named parameter.
  public struct Parameter: Sendable, Hashable {
    /// The key in the job file.
    public var name: String
    /// Its value.
    public var value: ParameterValue
    /// Creates a parameter `name: value`.
    public init(_ name: String, _ value: ParameterValue) {
      self.name = name
      self.value = value
    }
  }

  /// Creates the description of a layer `name` with `parameters`.
  public init(_ name: String, _ parameters: [Parameter] = []) {
    self.name = name
    self.parameters = parameters
  }
}

/// The value of a layer's parameter.
public indirect enum ParameterValue: Sendable, Hashable {
  case number(Double)
  case word(String)
  case flag(Bool)
  case numbers([Double])
  /// Numbers of which at least one is `null`, for example the open end of a range.
  case optionalNumbers([Double?])
  case layers([LayerDescription])
  case branches([[LayerDescription]])
  case matrix(PositionMatrix)
}
