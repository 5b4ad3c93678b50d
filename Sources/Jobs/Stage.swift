/// The stages of a run.
public enum Stage: String, CaseIterable, Sendable {
  case assemble
  case spectrum
  case predict
  case train
  case align
}
