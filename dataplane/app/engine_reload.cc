#include "config/reload.h"
#include "dataplane/app/engine.h"
#include "dataplane/app/log.h"
#include "dataplane/app/output_options.h"
#include "dataplane/app/pipeline_options.h"
#include "dataplane/app/signals.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

void Engine::mind_reload() {
  if (take_reload_request()) reload();
  if (signatures_ != nullptr) signatures_->poll();
  // Frees what workers have given up.
  for (auto& pipeline : pipelines_) (void)pipeline->settings().collect();
  if (!is_reloading_ || !has_reloaded()) return;
  is_reloading_ = false;
  service_.ready();
}

void Engine::reload() {
  is_reloading_ = true;
  service_.reloading();
  reopen_log();
  exporter_->reopen();
  reread_config();
  if (signatures_ != nullptr) signatures_->reload(signature_file(config_.signatures));
}

void Engine::reread_config() {
  if (sources_.file.empty()) {
    log_info("reload: opens the output again; no file was given with -c, so the settings stay");
    return;
  }
  const auto wanted = read_config_again(sources_);
  if (!wanted.ok()) {
    log_error("reload: {}", wanted.error().message);
    log_error("reload: no setting changed, for the mistake in {}", sources_.file);
    return;
  }
  take_settings(wanted.value());
}

void Engine::take_settings(const Config& wanted) {
  const ReloadPlan plan = plan_reload(config_, wanted);
  if (const auto checked = check_config(plan.config); !checked.ok()) {
    for (const SettingChange& change : plan.changes) {
      if (change.needs_restart) log_warning("reload: {}", change.text());
    }
    log_error("reload: {}", checked.error().message);
    log_error("reload: no setting changed, for the others do not go with what needs a restart");
    return;
  }
  for (const SettingChange& change : plan.changes) {
    log_message(change.needs_restart ? LogLevel::Warning : LogLevel::Notice,
                "reload: " + change.text());
  }
  log_info("reload: {}", plan.summary());
  if (plan.taken() == 0) return;

  const Config before = std::exchange(config_, plan.config);
  if (const auto opened = open_log(log_options(config_.log).value()); !opened.ok()) {
    log_error("reload: {}; the log stays as it was", opened.error().message);
    config_.log = before.log;
  }
  move_metrics(before.telemetry.prometheus);
  watchdog_.set_limit_ns(config_.worker.watchdog_ns);
  ports_reload_(config_);
  exporter_->change({.eve = eve_options(config_), .rotation = rotation_of(config_)});
  // What a worker has not taken yet comes back and is freed here.
  for (auto& pipeline : pipelines_) {
    (void)pipeline->settings().offer(
        std::make_unique<PipelineSettings>(pipeline_settings(config_)));
  }
}

void Engine::reopen_log() {
  if (const auto opened = open_log(log_options(config_.log).value()); !opened.ok())
    log_error("reload: {}; the log goes on where it was", opened.error().message);
}

// The former address is given up first: the new one may be another of the same port.
void Engine::move_metrics(const std::string& former) {
  if (config_.telemetry.prometheus == former) return;
  endpoint_.reset();
  if (serve_metrics()) return;
  config_.telemetry.prometheus = former;
  if (!serve_metrics()) log_error("reload: there are no metrics for Prometheus any more");
}

bool Engine::has_reloaded() const {
  if (signatures_ != nullptr && signatures_->is_reloading()) return false;
  for (const auto& pipeline : pipelines_) {
    if (pipeline->pulse().beat().stage() != Stage::Done && pipeline->settings().is_waiting())
      return false;
  }
  return true;
}

}  // namespace flowscope
