"""What a change re-runs, and what it leaves alone: dry runs over a finished rehearsal."""


def test_more_seeds_train_only_the_new_networks(rehearsed):
    rehearsed.edit("tests/rehearsal.yaml", "seeds: 2", "seeds: 4")
    planned = rehearsed.plan()
    assert planned["train"] == 8  # one new shard in each of four populations of each task
    assert planned["settle"] == 8


def test_a_new_measure_trains_nothing(rehearsed):
    rehearsed.edit("tests/rehearsal.yaml", "flip_flop: {measures: [topology]}", "flip_flop: {measures: [topology, topology_group]}")
    planned = rehearsed.plan()
    assert planned.keys() <= {"represent", "compare", "arrange", "contrast", "judge", "draw", "draw_study", "page", "index", "provenance"}
    assert planned["represent"] == 2  # the new one only, in each of two groups


def test_a_comment_in_the_library_re_runs_nothing(rehearsed):
    for path in ("workflow/rnnpop/cells/gru.py", "workflow/rnnpop/store.py", "scripts/train.py"):
        with (rehearsed.folder / path).open("a") as file:
            file.write("\n# a remark\n")
    assert rehearsed.plan() == {}


def test_an_edit_of_one_cell_re_runs_that_cell_and_what_follows(rehearsed):
    with (rehearsed.folder / "workflow/rnnpop/cells/gru.py").open("a") as file:
        file.write("\nNEW = 1\n")
    planned = rehearsed.plan()
    assert planned["train"] == planned["record"] == planned["settle"] == 4  # by two learners, on two tasks
    assert planned["connect"] == 2  # of the flip-flop
    assert planned["compare"] == 8  # every tile holds networks of that cell
    assert planned["draw"] == 6  # all but the page of verdicts, whose rule has another name


def test_an_edit_of_a_figure_draws_only(rehearsed):
    with (rehearsed.folder / "workflow/rnnpop/figures/memory.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert rehearsed.plan() == {"draw": 1, "provenance": 1}
