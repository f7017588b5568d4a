//! `cargo lab bench`: it measures what it says, and leaves nothing behind.

use std::fs;

use support::{BENCH, Done, PING, apply, as_user, programs, run, temporary, test_without_lab};

/// With the programs that the tests use, whatever their speed.
fn bench(options: &str) -> Done {
    let mut bench = as_user(programs().join(BENCH));
    bench.current_dir(programs());
    bench.arg("--bin-dir").arg(programs());
    run(bench.args(options.split(' ')))
}

#[apply(test_without_lab)]
#[needs(PING)]
fn two_tunnels_in_a_table_and_a_file() {
    let folder = temporary("bench");
    let json = folder.join("results.json");
    let options =
        "--against none,ch06,ch11 --underlay super --rounds 1 --seconds 0.2 --what tcp,many,ping";
    let done = bench(&format!("{options} --json {}", json.display()));
    done.code(0).says("\nnone ").says("\nch06 ").says("\nch11 ");
    let results: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let runs = results["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    for run in runs {
        for value in ["there", "back", "many", "ends_per_gb", "idle", "loaded"] {
            let value = run[value].as_f64().unwrap_or(-1.0);
            assert!(value >= 0.0, "{run}");
        }
        assert!(run["there"].as_f64() > Some(0.0), "{run}");
    }
    // Again, without measuring, and as if the machine had been quiet.
    let mut quiet = results;
    for run in quiet["runs"].as_array_mut().unwrap() {
        run["steal"] = 0.0.into();
        run["others"] = 0.0.into();
    }
    fs::write(&json, quiet.to_string()).unwrap();
    let plots = folder.join("plots");
    let shown = bench(&format!(
        "--from {} --plot {}",
        json.display(),
        plots.display()
    ));
    shown.code(0).says("bench-tcp-super.svg");
    fs::remove_dir_all(folder).unwrap();
}

#[apply(test_without_lab)]
#[needs(PING)]
fn packets_and_sizes() {
    let folder = temporary("bench");
    let json = folder.join("results.json");
    let options = "--against ch11 --underlay super --rounds 1 --seconds 0.1 --what packets,sizes";
    bench(&format!("{options} --json {}", json.display())).code(0);
    let results: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let run = &results["runs"][0];
    assert!(run["packets"].as_f64() > Some(1.0), "{run}");
    assert_eq!(run["sizes"].as_array().unwrap().len(), 6);
    fs::remove_dir_all(folder).unwrap();
}

#[apply(test_without_lab)]
fn a_name_that_is_none_and_a_file_that_is_none() {
    bench("--against ch06,ch99")
        .code(1)
        .says("there is no ch99")
        .says("the names are none, vxlan");
    bench("--from /no/such/file")
        .code(1)
        .says("cannot read /no/such/file");
    bench("--rounds 0").code(2);
}

/// One of two that ends at once is counted, and the other is measured.
#[apply(test_without_lab)]
#[needs(PING)]
fn a_contestant_that_dies_does_not_end_the_others() {
    let folder = temporary("bench");
    for program in ["ch06", "ch08"] {
        fs::copy(programs().join(program), folder.join(program)).unwrap();
    }
    fs::copy("/bin/false", folder.join("ch08")).unwrap();
    let mut bench = as_user(programs().join(BENCH));
    bench.current_dir(programs());
    bench.arg("--bin-dir").arg(&folder);
    bench.arg("--json").arg(folder.join("results.json"));
    let options = "--against ch08,ch06 --underlay super --rounds 1 --seconds 0.2";
    run(bench.args(options.split(' ')))
        .code(0)
        .says("ch08: an end has ended by itself")
        .says(", 1 failed");
    fs::remove_dir_all(folder).unwrap();
}
