{{/* The name of everything that this release makes: the release's own, if it says which product it is. */}}
{{- define "unmogrow.name" -}}
{{- if contains "unmogrow" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-unmogrow" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "unmogrow.labels" -}}
app.kubernetes.io/name: unmogrow
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What selects the pods of one component: pass a list of the context and its name. */}}
{{- define "unmogrow.selector" -}}
{{- $context := index . 0 -}}
app.kubernetes.io/name: unmogrow
app.kubernetes.io/instance: {{ $context.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "unmogrow.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Nobody is root, nothing is written but where it is said, no capability is kept. */}}
{{- define "unmogrow.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "unmogrow.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "unmogrow.postgresUrl" -}}
{{- if eq .Values.postgres.mode "operator" -}}
postgresql://{{ include "unmogrow.name" . }}-postgres-rw:5432/postgres?sslmode=require
{{- else -}}
{{ .Values.postgres.url }}
{{- end }}
{{- end }}

{{/* How the stores are reached, but for Postgres' address: who prepares it connects as somebody else. What is added may
be the lake's credentials. */}}
{{- define "unmogrow.stores" -}}
- name: CLICKHOUSE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: CLICKHOUSE_URL}}
- name: UNMOGROW_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: UNMOGROW_SECRET_KEY}}
- name: UNMOGROW_SECRET_KEY_PREVIOUS
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: UNMOGROW_SECRET_KEY_PREVIOUS, optional: true}}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What every part of the product is told; none of it is a secret. */}}
{{- define "unmogrow.environment" -}}
- {name: UNMOGROW_CLICKHOUSE__HAS_USERS, value: "true"}
- {name: LAKE_URL, value: {{ .Values.lake.url | quote }}}
- {name: UNMOGROW_DATA_DIR, value: /var/lib/unmogrow}
- {name: UNMOGROW_IMPORTS__FOLDER, value: /mnt/unmogrow/imports}
- {name: UNMOGROW_TENANTS__EXPORTS_FOLDER, value: /mnt/unmogrow/exports}
{{- range $part, $group := dict "PLANES" "ingest" "HOSTS" "hosts" "POOL" "pool" "JOBS" "jobs" "OVERSEER" "head" }}
- {name: UNMOGROW_PLACEMENT__{{ $part }}, value: {{ dict "unmogrow/role" $group | toJson | quote }}}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* How Ray and Serve themselves are set. */}}
{{- define "unmogrow.rayEnvironment" -}}
- {name: RAY_SERVE_ENABLE_HA_PROXY, value: "1"}
- {name: RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD, value: "0"}
- {name: RAY_worker_niceness, value: "0"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
# A node that does not answer is given up after 4 to 12 seconds; Ray's own values make that 15 to 65.
- {name: RAY_health_check_period_ms, value: "1000"}
- {name: RAY_health_check_timeout_ms, value: "2000"}
- {name: RAY_health_check_failure_threshold, value: "4"}
- {name: HOME, value: /tmp}
{{- end }}

{{/* The pod of the head or of a group: pass a dict of `context`, `role`, `container`, `resources`, `isHead`. */}}
{{- define "unmogrow.rayPod" -}}
{{- $values := .context.Values -}}
metadata:
  labels:
    {{- include "unmogrow.selector" (list .context "ray") | nindent 4 }}
    unmogrow/role: {{ .role }}
spec:
  serviceAccountName: {{ include "unmogrow.name" .context }}
  automountServiceAccountToken: {{ .isHead }}
  securityContext: {{- include "unmogrow.podSecurity" .context | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets: {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $values.ray.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.ray.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {unmogrow/role: {{ .role }}, app.kubernetes.io/instance: {{ .context.Release.Name }}}
  # A pod that is asked to leave lets what is under way end.
  terminationGracePeriodSeconds: 60
  containers:
    - name: {{ .container }}
      image: {{ include "unmogrow.image" .context }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      securityContext: {{- include "unmogrow.containerSecurity" .context | nindent 8 }}
      resources:
        requests: {{- toYaml .resources | nindent 10 }}
        limits: {{- toYaml .resources | nindent 10 }}
      env:
        {{- include "unmogrow.rayEnvironment" .context | nindent 8 }}
        {{- if ne .role "pool" }}
        # The pool holds no credentials: nothing of this is on its nodes.
        - {name: POSTGRES_URL, value: {{ include "unmogrow.postgresUrl" .context | quote }}}
        {{- include "unmogrow.stores" .context | nindent 8 }}
        {{- end }}
        {{- include "unmogrow.environment" .context | nindent 8 }}
        {{- if .isHead }}
        # The overseer runs here, and it alone needs this.
        - name: UNMOGROW_PROVISIONER_PASSWORD
          valueFrom: {secretKeyRef: {name: {{ $values.existingSecret }}, key: UNMOGROW_PROVISIONER_PASSWORD}}
        {{- end }}
      ports:
        {{- if .isHead }}
        - {name: gcs-server, containerPort: 6379}
        - {name: dashboard, containerPort: 8265}
        - {name: client, containerPort: 10001}
        {{- end }}
        - {name: serve, containerPort: 8000}
        - {name: metrics, containerPort: 8080}
        - {name: serve-metrics, containerPort: 9101}
      volumeMounts:
        - {name: scratch, mountPath: /tmp}
        - {name: data, mountPath: /var/lib/unmogrow}
        - {name: shared, mountPath: /mnt/unmogrow}
        - {name: memory, mountPath: /dev/shm}
  volumes:
    - name: scratch
      emptyDir: {}
    # Clicks wait here for a fraction of a second until their tenant's host has them.
    - name: data
      emptyDir: {}
    - name: memory
      emptyDir: {medium: Memory, sizeLimit: 1Gi}
    - name: shared
      persistentVolumeClaim:
        claimName: {{ $values.sharedFiles.existingClaim | default (printf "%s-shared" (include "unmogrow.name" .context)) }}
{{- end }}
