import CProcess
import Failures
import Glibc
import Jobs
import MeanField
import NTKDistLibrary
import Processor
import RecursionCore

// ntkdist.h documents these functions and gives the names of their arguments.

/// The version. See ntkdist.h.
@_cdecl("ntkdist_version")
public func version() -> UnsafePointer<CChar>? { ntk_version() }

/// The processor that the arithmetic is compiled for. See ntkdist.h.
@_cdecl("ntkdist_isa")
public func instructionSets() -> UnsafePointer<CChar>? { ntk_march() }

/// Frees a text. See ntkdist.h.
@_cdecl("ntkdist_free")
public func freeText(_ text: CText?) { free(text) }

/// Makes a network. See ntkdist.h.
@_cdecl("ntkdist_network_create")
public func createNetwork(
  _ description: UnsafePointer<CChar>?, _ height: Int64, _ width: Int64, _ channels: Int64,
  _ precision: Int32, _ network: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<CText?>?
) -> Int32 {
  network?.pointee = nil
  return status(message) {
    let target = try place("network", network)
    let precisions: [Int32: Precision] = [64: .f64, 32: .f32]
    guard let arithmetic = precisions[precision] else {
      throw Refusal(.usage, "precision is \(precision); it must be 64 or 32")
    }
    let description = try text("text", description, example: "{preset: fcn, depth: 3}")
    try Processor.check()
    let made = try LibraryNetwork(
      description, height: height, width: width, channels: channels, precision: arithmetic)
    target.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
  }
}

/// Frees a network. See ntkdist.h.
@_cdecl("ntkdist_network_free")
public func freeNetwork(_ network: OpaquePointer?) {
  guard let network else { return }
  Unmanaged<LibraryNetwork>.fromOpaque(UnsafeRawPointer(network)).release()
}

/// Describes a network as JSON. See ntkdist.h.
@_cdecl("ntkdist_network_describe")
public func describeNetwork(
  _ network: OpaquePointer?, _ json: UnsafeMutablePointer<CText?>?,
  _ message: UnsafeMutablePointer<CText?>?
) -> Int32 {
  json?.pointee = nil
  return status(message) {
    let target = try place("json", json)
    target.pointee = strdup(try object(network).description().json)
  }
}

/// Computes kernels. See ntkdist.h.
@_cdecl("ntkdist_kernel")
public func kernel(
  _ network: OpaquePointer?, _ x1: UnsafePointer<Double>?, _ n1: Int64,
  _ x2: UnsafePointer<Double>?, _ n2: Int64, _ options: UnsafePointer<ntkdist_options>?,
  _ results: UnsafePointer<ntkdist_results>?, _ message: UnsafeMutablePointer<CText?>?
) -> Int32 {
  status(message) {
    let call = try KernelCall(
      try object(network), x1, n1, x2, n2,
      try structure("options", options, empty: ntkdist_options(), first: 32),
      try structure("results", results, empty: ntkdist_results(), first: 72))
    try call.run()
  }
}

/// Mean-field theory of an activation as JSON. See ntkdist.h.
@_cdecl("ntkdist_mean_field")
public func meanField(
  _ activation: UnsafePointer<CChar>?, _ weightVariance: Double, _ biasVariance: Double,
  _ json: UnsafeMutablePointer<CText?>?, _ message: UnsafeMutablePointer<CText?>?
) -> Int32 {
  json?.pointee = nil
  return status(message) {
    let target = try place("json", json)
    let activation = try text("activation", activation, example: "relu")
    guard weightVariance > 0, weightVariance.isFinite else {
      throw Refusal(.usage, "weight_variance is \(weightVariance); it must be above 0")
    }
    guard biasVariance >= 0, biasVariance.isFinite else {
      throw Refusal(.usage, "bias_variance is \(biasVariance); it must be 0 or above")
    }
    try Processor.check()
    target.pointee = strdup(
      try theory(activation, weightVariance: weightVariance, biasVariance: biasVariance).json)
  }
}

/// The network that a pointer refers to.
private func object(_ network: OpaquePointer?) throws(Refusal) -> LibraryNetwork {
  guard let network else {
    throw Refusal(.usage, "network is NULL; make one with ntkdist_network_create")
  }
  return Unmanaged<LibraryNetwork>.fromOpaque(UnsafeRawPointer(network)).takeUnretainedValue()
}

/// The theory at a point of the phase diagram.
private func theory(
  _ activation: String, weightVariance: Double, biasVariance: Double
) throws -> JSONValue {
  let layer = try LayerDescription(yaml: activation, name: "activation")
  let moments = try GaussianMoments(activation: layer)
  let point = PhasePoint(
    activation,
    MeanField(moments, weightVariance: weightVariance, biasVariance: biasVariance),
    criticalWeightVariance: CriticalLine.weightVariance(moments, biasVariance: biasVariance))
  let numbers = zip(PhasePoint.numberNames, point.numbers).map { name, number in
    (name, number.map(JSONValue.number) ?? .null)
  }
  return .object(
    [("activation", .text(point.activation)), ("phase", .text(point.phase.rawValue))] + numbers)
}
