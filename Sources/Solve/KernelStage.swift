import Assembly
import DistributedAlgebra
import Jobs
import RankProgram
import Results

/// The objects that every stage on assembled kernels needs.
package struct StageSetting {
  package let run: RunFolder
  package let store: KernelStore
  package let assignment: Assignment
  package let data: DataOutline
  package let ranks: Ranks
  package let context: BLACSContext
  package let console: Console

  package init(
    run: RunFolder, store: KernelStore, assignment: Assignment, data: DataOutline, ranks: Ranks,
    context: BLACSContext, console: Console
  ) {
    self.run = run
    self.store = store
    self.assignment = assignment
    self.data = data
    self.ranks = ranks
    self.context = context
    self.console = console
  }
}

/// A stage that works on assembled kernels, one kernel after the other. Its methods are collective.
protocol KernelStage {
  var setting: StageSetting { get }
}

extension KernelStage {
  var run: RunFolder { setting.run }
  var store: KernelStore { setting.store }
  var assignment: Assignment { setting.assignment }
  var data: DataOutline { setting.data }
  var ranks: Ranks { setting.ranks }
  var context: BLACSContext { setting.context }
  var console: Console { setting.console }

  /// The number of training images, which is the order of the kernels.
  var n: Int { data.trainCount }

  /// Makes a regression with a kernel.
  ///
  /// - Parameters:
  ///   - kernel: The name of the kernel.
  ///   - task: What precedes it in the name of the problem, for example `validation of `.
  ///   - columns: The number of right-hand sides.
  func regression(
    _ source: KernelMatrix, _ kernel: String, of task: String = "", columns: Int,
    scale: PredictionSection.RegularizationScale = .relative
  ) -> KernelRegression {
    KernelRegression(
      source: source, ranks: ranks, console: console,
      indefiniteness: Indefiniteness(run, hasSingleElements: assignment.hasSingleElements),
      kernel: kernel, label: task + kernel, columns: columns, scale: scale)
  }
}
