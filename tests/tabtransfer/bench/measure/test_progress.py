from tabtransfer.bench.measure.progress import RunProgress


def test_a_log_gets_a_line_for_each_job_and_names_as_they_are(capsys):
    row = {"table": "[/eu] shops", "method": "linear", "split": 2, "status": "ok", "reason": ""}
    with RunProgress(5, n_kept=1) as progress:
        progress.report({**row, "job_seconds": 1.25})
        progress.report({**row, "status": "failed", "reason": "no [luck]", "job_seconds": None})
    out, log = capsys.readouterr()
    assert out == ""
    assert log.splitlines() == [
        "1 of 5 jobs are done already and are kept.",
        "2/5 [/eu] shops · linear · split 2: ok, 1.2 s",
        "failed [/eu] shops · linear: no [luck]",
        "3/5 [/eu] shops · linear · split 2: failed",
    ]
