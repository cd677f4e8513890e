from tabtransfer.bench.protocol import Job, plan_jobs


def test_first_splits_of_every_table_come_first():
    jobs = plan_jobs({"a": 2, "b": 2}, ["m", "n"], Job("s", "", "", seed=3))
    assert [(job.split, job.table, job.method) for job in jobs[:4]] == [
        (0, "a", "m"),
        (0, "a", "n"),
        (0, "b", "m"),
        (0, "b", "n"),
    ]
    assert len(set(jobs)) == 8
    assert {job.seed for job in jobs} == {3}


def test_tables_may_have_different_numbers_of_splits():
    jobs = plan_jobs({"a": 1, "b": 3}, ["m"], Job("s", "", ""))
    assert [(job.table, job.split) for job in jobs] == [("a", 0), ("b", 0), ("b", 1), ("b", 2)]


def test_job_comes_back_from_a_row_with_more_columns():
    job = Job("s", "a", "m", split=2, seed=1, max_train=50)
    assert Job.from_row({**job.as_row(), "roc_auc": 0.5}) == job


def test_methods_share_a_splits_seed_and_splits_differ():
    assert Job("s", "a", "m", split=1).method_seed == Job("s", "b", "n", split=1).method_seed
    assert Job("s", "a", "m", split=1).method_seed != Job("s", "a", "m", split=2).method_seed
