import Jobs
import RankProgram
import TileSchedule

/// The options that the user gave on the command line.
public struct RunRequest {
  /// The job file.
  public var job: String
  /// `key=value` settings that override the job file.
  public var overrides: [String]
  /// The stages to run.
  public var stages: [Stage]
  /// Whether to continue an existing run folder.
  public var resume: Bool
  /// Whether to wait for chunks of features that do not exist yet.
  public var follows: Bool
  /// The part of the tiles that this job computes, if several jobs share one store.
  public var shard: Shard
  /// The seconds after which a silent rank ends the program; 0 for never.
  public var watchdog: Double
  /// The time limit in seconds. The program stops by itself before this time.
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

  /// The command as messages name it, for example `ntk-dist spectrum`.
  var command: String {
    let name = stages.count == 1 ? stages[0].rawValue : "run"
    return "ntk-dist \(name)"
  }
}
