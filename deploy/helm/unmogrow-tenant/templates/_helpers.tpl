{{- define "tenant.labels" -}}
app.kubernetes.io/name: unmogrow-tenant
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
unmogrow/tenant: {{ .Values.tenant.id }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
