import Jobs
import RankProgram
import TileSchedule

/// What a user asked for on the command line.
public struct RunRequest {
  /// The job file.
  public var job: String
  /// `key=value` settings that override it.
  public var overrides: [String]
  /// The stages to go through.
  public var stages: [Stage]
  /// Whether a run folder that exists is continued.
  public var resume: Bool
  /// Whether chunks of features that are not there yet are waited for.
  public var follows: Bool
  /// The part of the tiles that this job computes, of several jobs on one store.
  public var shard: Shard
  /// Seconds after which a rank that is silent ends the program; 0 for never.
  public var watchdog: Double
  /// Seconds before which the program stops by itself.
  public var timeLimit: Double?
  /// How progress is shown.
  public var progress: Console.Progress

  /// A request.
  public init(
    job: String, overrides: [String], stages: [Stage], resume: Bool, follows: Bool = false,
    shard: Shard, watchdog: Double, timeLimit: Double?, progress: Console.Progress
  ) {
    self.job = job
    self.overrides = overrides
    self.stages = stages
    self.resume = resume
    self.follows = follows
    self.shard = shard
    self.watchdog = watchdog
    self.timeLimit = timeLimit
    self.progress = progress
  }

  /// The request as a message names it, for example `ntk-dist spectrum`.
  var command: String {
    let name = stages.count == 1 ? stages[0].rawValue : "run"
    return "ntk-dist \(name)"
  }
}
